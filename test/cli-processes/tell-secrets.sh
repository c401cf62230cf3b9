#!/bin/sh
# Tells the secrets that it was given to everybody who listens, and whether it got them in FILE. With
# `fail` it fails then.
# usage: tell-secrets.sh FILE [fail]
printf 'token %s\npassword=%s\n' "$TOKEN" "$PASSWORD"
printf 'in the middle of %stext%s' "$TOKEN" "$PASSWORD" >&2
printf '%s %s\n' "${#TOKEN}" "${#PASSWORD}" >"$1"
[ "$2" != fail ]
