package main

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

func readInstance(ctx context.Context, a *api, one object) (object, error) {
	path := instancePath(a, one)
	got, err := call[instance](ctx, a, "GET", "compute", path, nil)
	if err != nil {
		return nil, err
	}
	metadata := map[string]string{}
	for _, item := range got.Metadata.Items {
		metadata[item.Key] = item.Value
	}
	if one.text("metadata_startup_script") != "" {
		delete(metadata, "startup-script")
	}
	found := object{
		"id": path, "project": a.projectOf(one), "zone": lastPart(got.Zone), "name": got.Name,
		"machine_type":         sameOr(one.text("machine_type"), lastPart(got.MachineType)),
		"description":          got.Description,
		"can_ip_forward":       got.CanIpForward,
		"deletion_protection":  got.DeletionProtected,
		"metadata":             metadata,
		"metadata_fingerprint": got.Metadata.Fingerprint,
		"min_cpu_platform":     got.MinCpuPlatform,
		"tags":                 got.Tags.Items,
		"tags_fingerprint":     got.Tags.Fingerprint,
		"cpu_platform":         got.CpuPlatform,
		"creation_timestamp":   got.CreationTimestamp,
		"current_status":       got.Status,
		"instance_id":          got.Id,
		"self_link":            got.SelfLink,
		"label_fingerprint":    got.LabelFingerprint,
		"boot_disk":            []any{bootDiskFound(ctx, a, one, got)},
		"network_interface":    interfacesFound(one, got),
		"guest_accelerator":    acceleratorsFound(one, got),
		"scheduling": []any{object{
			"automatic_restart":           got.Scheduling.AutomaticRestart,
			"instance_termination_action": got.Scheduling.InstanceTerminationAction,
			"on_host_maintenance":         got.Scheduling.OnHostMaintenance,
			"preemptible":                 got.Scheduling.Preemptible,
			"provisioning_model":          got.Scheduling.ProvisioningModel,
			"max_run_duration":            []any{object{"seconds": wholeNumber(got.Scheduling.MaxRunDuration.Seconds)}},
		}},
		"shielded_instance_config": []any{object{
			"enable_integrity_monitoring": got.Shielded.EnableIntegrityMonitoring,
			"enable_secure_boot":          got.Shielded.EnableSecureBoot,
			"enable_vtpm":                 got.Shielded.EnableVtpm,
		}},
	}
	for _, account := range got.ServiceAccounts {
		found["service_account"] = []any{object{"email": account.Email, "scopes": account.Scopes}}
	}
	maps.Copy(found, labelsFound(one, got.Labels))
	return found, nil
}

// What is made of an image is asked of the disk; when it may not be read, what was asked for stands.
func bootDiskFound(ctx context.Context, a *api, one object, got instance) object {
	for _, attached := range got.Disks {
		if !attached.Boot {
			continue
		}
		prior, _ := one.block("boot_disk")
		asked, _ := prior.block("initialize_params")
		found := object{
			"auto_delete": attached.AutoDelete, "device_name": attached.DeviceName,
			"mode": attached.Mode, "source": sameOr(prior.text("source"), attached.Source),
		}
		path := attached.Source[max(strings.Index(attached.Source, "projects/"), 0):]
		own, err := call[disk](ctx, a, "GET", "compute", path, nil)
		if err != nil {
			return found
		}
		// A family stays what was written: the image that it stood for is no difference.
		image := firstOf(asked.text("image"), own.SourceImage)
		found["initialize_params"] = []any{object{
			"image": image, "labels": own.Labels, "size": wholeNumber(own.SizeGb),
			"type": sameOr(asked.text("type"), lastPart(own.Type)),
		}}
		return found
	}
	return object{}
}

func interfacesFound(one object, got instance) []any {
	prior := one.blocks("network_interface")
	var found []any
	for i, own := range got.NetworkInterfaces {
		written := object{}
		if i < len(prior) {
			written = prior[i]
		}
		var access []any
		for _, config := range own.AccessConfigs {
			access = append(access, object{"nat_ip": config.NatIP, "network_tier": config.NetworkTier})
		}
		found = append(found, object{
			"name": own.Name, "network_ip": own.NetworkIP, "stack_type": own.StackType,
			"network":            sameOr(written.text("network"), own.Network),
			"subnetwork":         sameOr(written.text("subnetwork"), own.Subnetwork),
			"subnetwork_project": projectIn(own.Subnetwork),
			"access_config":      access,
		})
	}
	return found
}

func acceleratorsFound(one object, got instance) []any {
	prior := one.blocks("guest_accelerator")
	var found []any
	for i, own := range got.GuestAccelerators {
		written := ""
		if i < len(prior) {
			written = prior[i].text("type")
		}
		found = append(found, object{"type": sameOr(written, own.Type), "count": own.Count})
	}
	return found
}

func projectIn(link string) string {
	_, after, _ := strings.Cut(link, "projects/")
	project, _, _ := strings.Cut(after, "/")
	return project
}

func wholeNumber(given any) any {
	number, err := strconv.ParseInt(fmt.Sprint(given), 10, 64)
	if err != nil {
		return nil
	}
	return number
}
