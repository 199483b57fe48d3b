#!/bin/sh
# Brings Temporal's schemas up to date. The databases are made by postgres-init.sh. Safe to repeat: setup-schema leaves a
# schema that has a version as it is, update-schema applies what is newer; any error ends the service with its message.
set -eu

SQL_PASSWORD=$(cat "${SECRETS_FOLDER:-/run/secrets}/temporal-password")
export SQL_PASSWORD

bring_up_to_date() { # database, schema
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-name "postgresql/v12/$2"
}

bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
