#!/bin/busybox sh
# shellcheck shell=dash
# The first program of the kernel: loads what the disk needs, and leaves the rest to the init on it.
/bin/busybox mount -t devtmpfs dev /dev
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk; do
  /bin/busybox insmod "/modules/$module.ko"
done
/bin/busybox mount -t ext4 -o ro /dev/vda /root || /bin/busybox poweroff -f
/bin/busybox mount -t devtmpfs dev /root/dev
exec /bin/busybox switch_root /root /init
