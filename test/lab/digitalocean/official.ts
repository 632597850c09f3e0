/**
 * Types of DigitalOcean's API, as its official client has them: an excerpt of @digitalocean/dots
 * 1.19.0 (https://github.com/digitalocean/dots), Copyright 2025 Digital Ocean, Apache License
 * 2.0 (official.LICENSE). Changed: the fields have their JSON names, dates are strings, arrays are
 * read-only, comments are left out. Made by scripts/digitalocean-types.ts.
 */

export interface Account {
  droplet_limit?: number | null;
  email?: string | null;
  email_verified?: boolean | null;
  floating_ip_limit?: number | null;
  name?: string | null;
  status?: "active" | "warning" | "locked" | null;
  status_message?: string | null;
  team?: Account_team | null;
  uuid?: string | null;
}

export interface Account_team {
  name?: string | null;
  uuid?: string | null;
}

export interface Action {
  completed_at?: string | null;
  id?: number | null;
  region?: Region | null;
  region_slug?: string | null;
  resource_id?: number | null;
  resource_type?: string | null;
  started_at?: string | null;
  status?: "in-progress" | "completed" | "errored" | null;
  type?: string | null;
}

export interface Action_link {
  href?: string | null;
  id?: number | null;
  rel?: string | null;
}

export interface Disk_info {
  size?: Disk_info_size | null;
  type?: "local" | "remote" | "scratch" | null;
}

export interface Disk_info_size {
  amount?: number | null;
  unit?: string | null;
}

export interface Droplet {
  backup_ids?: readonly number[] | null;
  created_at?: string | null;
  disk?: number | null;
  disk_info?: readonly Disk_info[] | null;
  features?: readonly string[] | null;
  gpu_info?: Gpu_info | null;
  id?: number | null;
  image?: Image | null;
  kernel?: Kernel | null;
  locked?: boolean | null;
  memory?: number | null;
  name?: string | null;
  networks?: Droplet_networks | null;
  next_backup_window?: Droplet_next_backup_window | null;
  region?: Region | null;
  size?: Size | null;
  size_slug?: string | null;
  snapshot_ids?: readonly number[] | null;
  status?: "new" | "active" | "off" | "archive" | null;
  tags?: readonly string[] | null;
  vcpus?: number | null;
  volume_ids?: readonly string[] | null;
  vpc_uuid?: string | null;
}

export interface Droplet_networks {
  v4?: readonly Network_v4[] | null;
  v6?: readonly Network_v6[] | null;
}

export interface Droplet_next_backup_window {
  end?: string | null;
  start?: string | null;
}

export interface ErrorEscaped {
  id?: string | null;
  message?: string | null;
  request_id?: string | null;
}

export interface Gpu_info {
  count?: number | null;
  model?: string | null;
  vram?: Gpu_info_vram | null;
}

export interface Gpu_info_vram {
  amount?: number | null;
  unit?: string | null;
}

export interface Image {
  created_at?: string | null;
  description?: string | null;
  distribution?:
    | "Arch Linux"
    | "CentOS"
    | "CoreOS"
    | "Debian"
    | "Fedora"
    | "Fedora Atomic"
    | "FreeBSD"
    | "Gentoo"
    | "openSUSE"
    | "RancherOS"
    | "Rocky Linux"
    | "Ubuntu"
    | "Unknown"
    | null;
  error_message?: string | null;
  id?: number | null;
  min_disk_size?: number | null;
  name?: string | null;
  public?: boolean | null;
  regions?:
    | readonly (
        | "ams1"
        | "ams2"
        | "ams3"
        | "blr1"
        | "fra1"
        | "lon1"
        | "nyc1"
        | "nyc2"
        | "nyc3"
        | "sfo1"
        | "sfo2"
        | "sfo3"
        | "sgp1"
        | "tor1"
        | "syd1"
      )[]
    | null;
  size_gigabytes?: number | null;
  slug?: string | null;
  status?: "NEW" | "available" | "pending" | "deleted" | "retired" | null;
  tags?: readonly string[] | null;
  type?: "base" | "snapshot" | "backup" | "custom" | "admin" | null;
}

export interface Kernel {
  id?: number | null;
  name?: string | null;
  version?: string | null;
}

export interface Meta_properties {
  total?: number | null;
}

export interface Network_v4 {
  gateway?: string | null;
  ip_address?: string | null;
  netmask?: string | null;
  type?: "public" | "private" | null;
}

export interface Network_v6 {
  gateway?: string | null;
  ip_address?: string | null;
  netmask?: number | null;
  type?: "public" | null;
}

export interface Region {
  available?: boolean | null;
  features?: readonly string[] | null;
  name?: string | null;
  sizes?: readonly string[] | null;
  slug?: string | null;
}

export interface Size {
  available?: boolean | null;
  description?: string | null;
  disk?: number | null;
  disk_info?: readonly Disk_info[] | null;
  gpu_info?: Gpu_info | null;
  memory?: number | null;
  price_hourly?: number | null;
  price_monthly?: number | null;
  regions?: readonly string[] | null;
  slug?: string | null;
  transfer?: number | null;
  vcpus?: number | null;
}

export interface SshKeys {
  fingerprint?: string | null;
  id?: number | null;
  name?: string | null;
  public_key?: string | null;
}

export interface Tags {
  name?: string | null;
  resources?: Tags_resources | null;
}

export interface Tags_metadata {
  count?: number | null;
  last_tagged_uri?: string | null;
}

export interface Tags_resources extends Tags_metadata {
  databases?: Tags_metadata | null;
  droplets?: Tags_metadata | null;
  imgages?: Tags_metadata | null;
  volumes?: Tags_metadata | null;
  volume_snapshots?: Tags_metadata | null;
}
