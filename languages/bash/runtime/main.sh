#!/usr/bin/env bash
set -euo pipefail

echo "Hello from Bash ${BASH_VERSION}!"
