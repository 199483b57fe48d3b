#!/bin/sh
# Starts Temporal's server with the configuration beside this file; the password of its database is read from a file.
set -eu

TEMPORAL_DATABASE_PASSWORD=$(cat "${SECRETS_FOLDER:-/run/secrets}/temporal-password")
export TEMPORAL_DATABASE_PASSWORD

exec temporal-server --root / --config "${TEMPORAL_CONFIG_FOLDER:-/etc/holdfast/temporal}" --env server --allow-no-auth start
