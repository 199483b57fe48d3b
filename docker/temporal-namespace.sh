#!/bin/sh
# Makes the namespace, unless it is there. Search attributes come with our own migration.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}

# The port answers before the namespaces can be asked for.
tries=0
until names=$(temporal operator namespace list --output json); do
  tries=$((tries + 1))
  if [ "$tries" -ge 30 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS does not answer" >&2
    exit 1
  fi
  sleep 2
done

if printf '%s' "$names" | grep -q "\"name\": *\"$namespace\""; then
  echo "The namespace $namespace is there already"
else
  temporal operator namespace create --namespace "$namespace" --retention "${TEMPORAL_RETENTION:-72h}"
fi
