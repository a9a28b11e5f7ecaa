// What Node's pg does all day, printed as JSON. Argument: a connection string.
const { Client, Pool } = require('pg')
const Cursor = require('pg-cursor')
const { to, from } = require('pg-copy-streams')
const { pipeline } = require('stream/promises')
const { Readable } = require('stream')

const connectionString = process.argv[2]
const out = {}

async function queries(client) {
  out.simple = (await client.query('SELECT id, name, price, tags, meta, made FROM shop.items ORDER BY id LIMIT 3')).rows
  out.parameters = (await client.query('SELECT id, name FROM shop.items WHERE id = $1', [5])).rows
  out.named = []
  for (const id of [1, 2, 3]) {
    const asked = { name: 'by-id', text: 'SELECT id, name FROM shop.items WHERE id = $1', values: [id] }
    out.named.push((await client.query(asked)).rows)
  }
  out.people = (await client.query('SELECT id, name, mrn FROM shop.people ORDER BY id')).rows
  out.error = await client.query('SELECT nothing FROM shop.items').catch((error) => error.code)
  await client.query('BEGIN')
  out.updated = (await client.query('UPDATE shop.orders SET note = $1 WHERE id = $2', ['x', 1])).rowCount
  await client.query('ROLLBACK')
}

async function cursor(client) {
  const opened = client.query(new Cursor('SELECT id FROM shop.orders ORDER BY id'))
  out.cursor = []
  for (let rows; (rows = await opened.read(20)).length; ) out.cursor.push(rows.length)
  await opened.close()
}

async function copies(client) {
  out.copied = ''
  for await (const chunk of client.query(to('COPY shop.orders (id, note) TO STDOUT'))) out.copied += chunk
  await pipeline(Readable.from(['700\t1\tin\n', '701\t2\tin\n']), client.query(from('COPY shop.orders (id, item, note) FROM STDIN')))
  out.into = (await client.query('DELETE FROM shop.orders WHERE id >= 700 RETURNING id, note')).rows
}

async function main() {
  const only = process.argv[3]
  const client = new Client({ connectionString })
  await client.connect()
  if (only === 'queries') await queries(client)
  if (only === 'cursor') await cursor(client)
  if (only === 'copies') await copies(client)
  await client.end()
  const pool = new Pool({ connectionString, max: 3 })
  const counted = await Promise.all([1, 2, 3, 4, 5].map((n) => pool.query('SELECT count(*) FROM shop.orders WHERE id > $1', [n])))
  out.pooled = counted.map((result) => result.rows[0].count)
  await pool.end()
  console.log(JSON.stringify(out, null, 1))
}

main().catch((error) => { console.error(error.message, error.code); process.exit(1) })
