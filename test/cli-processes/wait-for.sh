#!/bin/sh
# Says that it waits, by making FILE.waits, until FILE is there.
# usage: wait-for.sh FILE
: >"$1.waits"
while [ ! -e "$1" ]; do sleep 0.05; done
