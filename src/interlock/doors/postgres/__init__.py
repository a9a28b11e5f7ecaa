"""The PostgreSQL door: protocol 3, one downstream client to one upstream session.

client            door                                gate                     server
  | Query           |                                   |                        |
  |---------------->| what is it? (sql)                 |                        |
  |                 | Parse, Describe, Sync ------------------------------------>|
  |                 |<------------------------------------ what it would return  |
  |                 | ask(action) --------------------->| policy, ledger         |
  |   NOTICE: held  |<---------------------------- Held |                        |
  |<----------------| ... a person signs ...            |                        |
  |                 | redeem(review) ------------------>| decide anew, release   |
  |                 |<------------------------- Cleared |                        |
  |                 | the sealed payload --------------------------------------->|
  |   masked rows   |<------------------------------------------------------ rows|
  |<----------------| end(release) -------------------->|                        |
"""
