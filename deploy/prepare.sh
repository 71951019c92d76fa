#!/bin/sh
# Makes what compose.yaml needs beside images, once: passwords, the installation's keys, and deploy/.env. Nothing that exists is
# touched, so it may be run again. Needs the program that `make build` makes; COWORKCARE names another one, and COWORKCARE_DEPLOY
# another folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${COWORKCARE_DEPLOY:-$here}
coworkcare=${COWORKCARE:-$here/../build/bin/coworkcare}
if [ ! -x "$coworkcare" ]; then
  echo "there is no program at $coworkcare: run make build, or name it by COWORKCARE" >&2
  exit 1
fi

umask 077
mkdir -p "$folder/secrets"
# A containing folder that only the owner enters would keep the containers' users out on some engines.
chmod 711 "$folder/secrets"
password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { # a new file from standard input; an existing one stays
  if [ -e "$1" ]; then
    cat >/dev/null
    echo "kept $1"
  else
    cat >"$1.new" && mv "$1.new" "$1"
    echo "made $1"
  fi
}

password | keep "$folder/secrets/postgres_password"
password | keep "$folder/secrets/grafana_password"
redis_password=$(password)
if [ -e "$folder/secrets/redis.conf" ]; then
  redis_password=$(sed -n 's/^requirepass //p' "$folder/secrets/redis.conf")
fi
echo "requirepass $redis_password" | keep "$folder/secrets/redis.conf"
keep "$folder/secrets/coworkcare.yaml" <<END
database_url: postgres://coworkcare:$(cat "$folder/secrets/postgres_password")@postgres:5432/coworkcare?sslmode=disable
redis_url: redis://:$redis_password@redis:6379/0
END
if [ -e "$folder/secrets/keys.json" ]; then
  echo "kept $folder/secrets/keys.json"
else
  "$coworkcare" keys generate "$folder/secrets/keys.json"
fi

# The containers that read these files run as their owner; as root nothing of ours runs.
user=$(id -u) group=$(id -g)
if [ "$user" = 0 ]; then
  user=65532 group=65532
  chown "$user:$group" "$folder"/secrets/*
fi
keep "$folder/.env" <<END
# Who owns the files in secrets/.
COWORKCARE_UID=$user
COWORKCARE_GID=$group
# The issuer of your callers' tokens, exactly as in their iss, and what they name as audience.
COWORKCARE_OIDC_ISSUER=
COWORKCARE_OIDC_AUDIENCE=coworkcare
END
echo "now name the issuer of tokens in $folder/.env (COWORKCARE_OIDC_ISSUER), and back up secrets/keys.json apart from the database"
