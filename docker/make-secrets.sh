#!/bin/sh
# Makes the secrets of docker-compose.production.yml in a folder, each in a file of its own; what is there stays as it is.
# Those that others give you (mail server, Stripe) are named at the end, to be written by you.
set -eu

folder=${1:?Usage: docker/make-secrets.sh FOLDER}
mkdir -p "$folder"
chmod 700 "$folder"

keep() { # name: writes standard input to the file, unless it is there
  if [ -e "$folder/$1" ]; then cat > /dev/null; else cat > "$folder/$1"; fi
}

for role in postgres holdfast temporal; do
  openssl rand -hex 24 | keep "$role-password"
done
echo "postgres://holdfast:$(cat "$folder/holdfast-password")@postgres:5432/holdfast" | keep database-url
echo "whsec_$(openssl rand -base64 24)" | keep standard-webhook-secret
openssl rand -hex 32 | keep ticket-signing-key
openssl rand -hex 32 | keep payload-encryption-key
openssl rand -hex 32 | keep webhook-secrets-key
# The folder is closed to others on this machine. The files are handed to the containers one by one, whose users must be
# able to read them: they keep the owner and the mode that they have here.
chmod 644 "$folder"/*

missing=''
for name in stripe-webhook-secret stripe-api-key smtp-url; do
  if [ ! -e "$folder/$name" ]; then missing="$missing $folder/$name"; fi
done
if [ -n "$missing" ]; then echo "Still to be written by you:$missing"; fi
