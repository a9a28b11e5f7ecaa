#!/bin/sh
# Exits 0 once Interlock says that this may be done now, having waited for people to sign where they must; else 1.
# An approval is used up by that: do it next, and only then.
#
#   INTERLOCK_URL, INTERLOCK_TOKEN    the gateway, and the key of the agent or service that asks
#   SUBJECT                           whose key that is: "agent NAME" or "service NAME"
#   ACTION RESOURCE_TYPE RESOURCE     what is to be done, and on what
#   ENVIRONMENT VERSION               members of the context, which policies read and people sign for
#   REASON                            said to the reviewers (optional)
#
# Start it again and it joins the review that it asked for before, signed or not.
set -eu

subject_type=${SUBJECT%% *} subject=${SUBJECT#* }
case "$subject_type$subject$ACTION$RESOURCE_TYPE$RESOURCE$ENVIRONMENT$VERSION" in
*[!A-Za-z0-9._/:@-]*) echo "sign-off: only letters, digits and ._/:@- are taken" >&2; exit 2 ;;
esac
reason=$(printf %s "${REASON:-no reason given}" | tr -c 'A-Za-z0-9 .,:;()#/_\n-' '?' | tr '\n' ' ')
key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')

call() { # METHOD ADDRESS [BODY]: the credential goes in by standard input, where no list of processes shows it
    printf 'Authorization: Bearer %s\nContent-Type: application/json\nIdempotency-Key: %s\n' "$INTERLOCK_TOKEN" "$key" |
        curl -sS --max-time 60 -X "$1" -H @- ${3:+--data-binary "$3"} "$INTERLOCK_URL$2"
}
field() { # NAME: the last member of that name in an answer, which is one line
    sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p'
}
ask='"subject":{"type":"'$subject_type'","id":"'$subject'"},"action":{"name":"'$ACTION'"}'
ask=$ask',"resource":{"type":"'$RESOURCE_TYPE'","id":"'$RESOURCE'"}'
context='"environment":"'$ENVIRONMENT'","version":"'$VERSION'","reason":"'$reason'"'

answer=$(call POST /access/v1/evaluation "{$ask,\"context\":{$context}}")
[ "$(printf %s "$answer" | field decision)" != true ] || exit 0
token=$(printf %s "$answer" | field binding_token)
if [ -z "$token" ]; then
    echo "sign-off: denied: $answer" >&2
    exit 1
fi
until=$(printf %s "$answer" | field expires_at)
denial='"binding_token":"'$token'","expires_at":"'$until'"'
answer=$(call POST /access/v1/requests "{$ask,\"context\":{$context},\"denial\":{$denial}}")
id=$(printf %s "$answer" | sed -n 's/.*"task":{"id":"\([^"]*\)".*/\1/p')
if [ -z "$id" ]; then
    echo "sign-off: not asked for: $answer" >&2
    exit 1
fi
echo "sign-off: waiting for people: $INTERLOCK_URL/reviews/$id" >&2

status=pending looks=0
while [ "$status" = pending ]; do
    looks=$((looks + 1))
    if [ "$looks" -gt "${SIGN_OFF_LOOKS:-240}" ]; then # some two hours
        echo "sign-off: nobody has answered" >&2
        exit 1
    fi
    status=$(call GET "/access/v1/requests/$id?wait=30" | field status) || status=
    if [ -z "$status" ]; then
        sleep 5 # the gateway is away: the review outlives that
        status=pending
    fi
done
echo "sign-off: $status" >&2
[ "$status" = approved ] || exit 1

answer=$(call POST /access/v1/evaluation "{$ask,\"context\":{$context,\"approval\":{\"id\":\"$id\"}}}")
[ "$(printf %s "$answer" | field decision)" = true ] || { echo "sign-off: denied: $answer" >&2; exit 1; }
