#!/bin/sh
# Run once by the image of PostgreSQL, when the data folder is new: a role for Holdfast and one for Temporal, each the
# owner of its own databases alone. The passwords are read from files and stand in no command line.
set -eu

secrets=${SECRETS_FOLDER:-/run/secrets}

make_role() { # name, database...
  role=$1
  shift
  # psql would go on with an empty password.
  if [ -z "$(cat "$secrets/$role-password")" ]; then
    echo "No password in $secrets/$role-password" >&2
    exit 1
  fi
  {
    printf '\\set role %s\n' "$role"
    printf '\\set password `cat %s/%s-password`\n' "$secrets" "$role"
    echo 'create role :"role" login password :'"'password'"';'
    for database in "$@"; do
      printf 'create database %s owner :"role";\n' "$database"
      printf 'revoke all on database %s from public;\n' "$database"
    done
  } | psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres
}

make_role holdfast holdfast
make_role temporal temporal temporal_visibility
