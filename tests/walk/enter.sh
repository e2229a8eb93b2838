#!/bin/sh
# enter.sh FOLDER USER COMMAND...: a command in a Debian in a folder. The mounts are those of this process alone.
set -eu
folder=$1 user=$2
shift 2
mount -t proc proc "$folder/proc"
mount --rbind /dev "$folder/dev"
# In a network of its own even the loopback is down.
ip link set lo up
exec chroot --userspec="$user:$user" "$folder" "$@"
