# What every sandbox has: a minimal Debian with its security updates, and the user that strangers' code runs as.
# ROOTFS may be any Debian 12 image: the one `./dev` makes with debootstrap, or debian:bookworm-slim from a registry.
ARG ROOTFS
FROM ${ROOTFS}

ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 LC_ALL=C.UTF-8 HOME=/workspace \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Packages come without documentation and unpack without waiting for the disk; the package lists stay, compressed, so
# that the update in each runtime is one small request. (Empty man directories stay: Java's installer writes links there.)
RUN printf 'Acquire::Retries "3";\nAcquire::GzipIndexes "true";\nAPT::Install-Recommends "false";\n' > /etc/apt/apt.conf.d/90engunity \
 && printf 'force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*/*\npath-exclude=/usr/share/locale/*\npath-exclude=/usr/share/info/*\n' > /etc/dpkg/dpkg.cfg.d/90engunity \
 && rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/* \
 && for suite in bookworm bookworm-updates bookworm-backports; do echo "deb http://deb.debian.org/debian $suite main"; done > /etc/apt/sources.list \
 && echo "deb http://deb.debian.org/debian-security bookworm-security main" >> /etc/apt/sources.list \
 && apt-get update -q && apt-get upgrade -y -q \
 && apt-get install -y -q ca-certificates procps \
 && apt-get clean \
 && mkdir -p /usr/share/man/man1 \
 && rm -rf /usr/share/doc/* /usr/share/man/*/* /usr/share/locale/* /var/log/*

RUN groupadd --gid 65532 sandbox \
 && useradd --uid 65532 --gid 65532 --home-dir /workspace --no-create-home --shell /bin/sh sandbox \
 && mkdir -p /workspace && chown sandbox:sandbox /workspace
WORKDIR /workspace
