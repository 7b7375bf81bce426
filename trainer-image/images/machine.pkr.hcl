# The image of a machine on Google Cloud: Debian 12 with the engines, the driver of a GPU, and a unit that starts the runner.
#   packer init machine.pkr.hcl
#   packer build -var project=PROJECT -var kind=cpu -var trainer_hash="$(./x image-name hash)" machine.pkr.hcl
# cloudbuild-machine.yaml does the same inside Google Cloud.

packer {
  required_plugins {
    googlecompute = {
      source  = "github.com/hashicorp/googlecompute"
      version = "~> 1.1"
    }
  }
}

variable "project" {
  type        = string
  description = "The project that gets the image."
}

variable "kind" {
  type        = string
  description = "cpu, or gpu: with NVIDIA's driver."
  validation {
    condition     = contains(["cpu", "gpu"], var.kind)
    error_message = "The kind is cpu or gpu."
  }
}

variable "trainer_hash" {
  type        = string
  description = "What ./x image-name hash prints."
  validation {
    condition     = can(regex("^[0-9a-f]{12}$", var.trainer_hash))
    error_message = "The trainer's hash has 12 hex digits: ./x image-name hash."
  }
}

variable "zone" {
  type    = string
  default = "europe-west4-a"
}

variable "engines" {
  type        = list(string)
  default     = []
  description = "Empty for all that there are."
}

variable "source_image" {
  type        = string
  default     = ""
  description = "Empty for the newest Debian 12, with all that was mended in it; an image of debian-cloud by name makes the same again."
}

variable "subnetwork" {
  type        = string
  default     = ""
  description = "Empty for the network named default. It needs a way to the internet while the image is made."
}

locals {
  family = "trainyard-${var.kind}"
  flags  = var.kind == "gpu" ? "--gpu" : ""
}

source "googlecompute" "machine" {
  project_id              = var.project
  zone                    = var.zone
  subnetwork              = var.subnetwork
  source_image            = var.source_image
  source_image_family     = var.source_image == "" ? "debian-12" : ""
  source_image_project_id = ["debian-cloud"]
  # No GPU is needed to build its driver.
  machine_type      = "e2-standard-4"
  disk_type         = "pd-ssd"
  disk_size         = 40
  ssh_username      = "packer"
  image_name        = "${local.family}-${var.trainer_hash}"
  image_family      = local.family
  image_description = "Trainyard's trainer ${var.trainer_hash} (${var.kind})"
  image_labels = {
    trainyard-image   = var.kind
    trainyard-trainer = var.trainer_hash
  }
}

build {
  sources = ["source.googlecompute.machine"]

  provisioner "file" {
    source      = "${path.root}/.."
    destination = "/tmp/trainer-image"
  }

  provisioner "shell" {
    execute_command = "sudo env {{ .Vars }} bash -eu {{ .Path }}"
    inline = [
      "install -d /opt/trainyard",
      "rm -rf /opt/trainyard/trainer-image",
      "mv /tmp/trainer-image /opt/trainyard/trainer-image",
      "chmod +x /opt/trainyard/trainer-image/entry.sh /opt/trainyard/trainer-image/images/*.sh",
      "printf '%s\\n' '${var.trainer_hash}' >/opt/trainyard/trainer-hash",
      "/opt/trainyard/trainer-image/images/provision.sh ${local.flags} ${join(" ", var.engines)}",
      # An image must not give each of its machines the same name, keys and history.
      "rm -rf /var/lib/apt/lists/* /tmp/* /root/.bash_history",
      "truncate -s 0 /etc/machine-id",
    ]
  }
}
