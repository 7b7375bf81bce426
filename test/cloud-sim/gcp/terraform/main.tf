# Everything that a job has at Google, as a person would write it: what the real provider makes of the simulation.
variable "endpoint" { type = string }
variable "machine" {
  type    = bool
  default = true
}

terraform {
  required_providers {
    google = { source = "hashicorp/google", version = "6.50.0" }
  }
  backend "gcs" {}
}

provider "google" {
  project                          = "trainyard-sim"
  region                           = "us-central1"
  zone                             = "us-central1-a"
  compute_custom_endpoint          = "${var.endpoint}/compute/v1/"
  storage_custom_endpoint          = "${var.endpoint}/storage/v1/"
  pubsub_custom_endpoint           = "${var.endpoint}/v1/"
  iam_custom_endpoint              = "${var.endpoint}/v1/"
  resource_manager_custom_endpoint = "${var.endpoint}/v1/"
  service_usage_custom_endpoint    = "${var.endpoint}/v1/"
}

locals {
  labels = { trainyard-installation = "home", trainyard-kind = "job" }
  member = "serviceAccount:${google_service_account.machine.email}"
}

resource "google_pubsub_topic" "dead" {
  name   = "ty-j-tf-dead"
  labels = local.labels
}

resource "google_pubsub_topic" "signals" {
  name   = "ty-j-tf"
  labels = local.labels
}

resource "google_pubsub_subscription" "signals" {
  name                    = "ty-j-tf"
  topic                   = google_pubsub_topic.signals.id
  labels                  = local.labels
  enable_message_ordering = true
  ack_deadline_seconds    = 60
  expiration_policy { ttl = "" }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = 20
  }
}

resource "google_service_account" "machine" {
  account_id  = "ty-0123456789abcdef01234567"
  description = jsonencode(local.labels)
}

resource "google_pubsub_topic_iam_member" "says" {
  topic  = google_pubsub_topic.signals.name
  role   = "roles/pubsub.publisher"
  member = local.member
}

resource "google_storage_bucket_iam_member" "keeps" {
  bucket = "ty-j-tf"
  role   = "roles/storage.objectUser"
  member = local.member
}

resource "google_project_iam_member" "logs" {
  project = "trainyard-sim"
  role    = "roles/logging.logWriter"
  member  = local.member
}

data "google_compute_image" "gpu" {
  family = "trainyard-gpu"
}

resource "google_compute_instance" "machine" {
  count        = var.machine ? 1 : 0
  name         = "ty-j-tf-1"
  machine_type = "n1-standard-4"
  labels       = local.labels
  metadata     = { trainyard-entry = "1", trainyard-environment = jsonencode({ TRAINYARD_MACHINE = "ty-j-tf-1" }) }
  boot_disk {
    auto_delete = true
    initialize_params {
      image  = data.google_compute_image.gpu.self_link
      size   = 60
      type   = "pd-balanced"
      labels = local.labels
    }
  }
  guest_accelerator {
    type  = "nvidia-tesla-t4"
    count = 1
  }
  network_interface {
    network = "default"
    access_config {}
  }
  scheduling {
    preemptible                 = true
    automatic_restart           = false
    provisioning_model          = "SPOT"
    on_host_maintenance         = "TERMINATE"
    instance_termination_action = "DELETE"
    max_run_duration { seconds = 3600 }
  }
  service_account {
    email  = google_service_account.machine.email
    scopes = ["cloud-platform"]
  }
}

resource "google_compute_instance_iam_member" "goes" {
  count         = var.machine ? 1 : 0
  zone          = google_compute_instance.machine[0].zone
  instance_name = google_compute_instance.machine[0].name
  role          = "roles/compute.instanceAdmin.v1"
  member        = local.member
}
