package main

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

func computeInstance() kind {
	computedOnce := optional | computed | kept
	fromImage := computedOnce | fixed
	duration := func() blocks {
		return blocks{"max_run_duration": block(fixed, attributes{
			"seconds": number(required | fixed),
			"nanos":   number(optional | fixed),
		})}
	}
	return kind{
		name: "compute_instance", version: 6, title: "instance", timeouts: []string{"create", "update", "delete"},
		attributes: withProject(withLabels(attributes{
			"name":                      text(required | fixed),
			"machine_type":              text(required),
			"zone":                      text(computedOnce | fixed),
			"description":               text(optional | fixed),
			"hostname":                  text(optional | fixed),
			"allow_stopping_for_update": flag(optional),
			"can_ip_forward":            flagOr(false, 0),
			"deletion_protection":       flagOr(false, 0),
			"metadata":                  textsByName(optional),
			"metadata_startup_script":   text(optional | fixed),
			"min_cpu_platform":          text(computedOnce),
			"tags":                      textSet(optional),
			"cpu_platform":              text(computed | kept),
			"creation_timestamp":        text(computed | kept),
			"current_status":            text(computed | kept),
			"instance_id":               text(computed | kept),
			"self_link":                 text(computed | kept),
			"label_fingerprint":         text(computed),
			"metadata_fingerprint":      text(computed),
			"tags_fingerprint":          text(computed | kept),
		})),
		blocks: blocks{
			"boot_disk": block(fixed, attributes{
				"auto_delete": flagOr(true, 0),
				"device_name": text(fromImage),
				"interface":   text(optional),
				"mode":        textOr("READ_WRITE", fixed),
				"source":      text(fromImage),
			}, blocks{"initialize_params": block(fixed, attributes{
				"image":  text(fromImage),
				"labels": textsByName(fromImage),
				"size":   number(fromImage),
				"type":   text(fromImage),
			})}),
			"guest_accelerator": block(fixed, attributes{
				"count": number(required | fixed),
				"type":  text(required | fixed),
			}),
			"network_interface": block(0, attributes{
				"name":               text(computed | kept),
				"network":            text(computedOnce),
				"network_ip":         text(computedOnce),
				"nic_type":           text(optional | fixed),
				"stack_type":         text(computedOnce),
				"subnetwork":         text(computedOnce),
				"subnetwork_project": text(computedOnce),
			}, blocks{"access_config": block(0, attributes{
				"nat_ip":                 text(computedOnce),
				"network_tier":           text(computedOnce),
				"public_ptr_domain_name": text(optional),
			})}),
			"scheduling": block(0, attributes{
				"automatic_restart":           flagOr(true, 0),
				"instance_termination_action": text(optional),
				"on_host_maintenance":         text(computedOnce),
				"preemptible":                 flagOr(false, fixed),
				"provisioning_model":          text(fromImage),
			}, duration()),
			"service_account": block(0, attributes{
				"email":  text(computedOnce),
				"scopes": textSet(required),
			}),
			"shielded_instance_config": block(0, attributes{
				"enable_integrity_monitoring": flagOr(true, 0),
				"enable_secure_boot":          flagOr(false, 0),
				"enable_vtpm":                 flagOr(true, 0),
			}),
		},
		create: createInstance,
		read:   readInstance,
		update: updateInstance,
		remove: func(ctx context.Context, a *api, state object) error {
			if state.flag("deletion_protection") {
				return fmt.Errorf("instance Deletion Protection is enabled: %s", state.text("name"))
			}
			done, err := call[operation](ctx, a, "DELETE", "compute", instancePath(a, state), nil)
			if err != nil {
				return err
			}
			return done.wait(ctx, a, "instance to delete")
		},
	}
}

func instancePath(a *api, one object) string {
	return "projects/" + a.projectOf(one) + "/zones/" + a.zoneOf(one) + "/instances/" + one.text("name")
}

func createInstance(ctx context.Context, a *api, planned object) (object, error) {
	zone := "projects/" + a.projectOf(planned) + "/zones/" + a.zoneOf(planned)
	if _, err := call[object](ctx, a, "GET", "compute", zone, nil); err != nil {
		return nil, sentence{fmt.Sprintf("Error loading zone '%s'", a.zoneOf(planned)), err}
	}
	wanted, err := instanceWanted(ctx, a, planned)
	if err != nil {
		return nil, err
	}
	done, err := call[operation](ctx, a, "POST", "compute", zone+"/instances", wanted)
	if err != nil {
		return nil, err
	}
	if err := done.wait(ctx, a, "instance to create"); err != nil {
		return nil, err
	}
	return readInstance(ctx, a, planned)
}

// Of all that the real one can change, what a stack that is applied again may: labels and metadata.
func updateInstance(ctx context.Context, a *api, before, planned object) (object, error) {
	path := instancePath(a, planned)
	changeable := []string{
		"labels", "metadata", "terraform_labels", "effective_labels", "label_fingerprint", "metadata_fingerprint",
		"allow_stopping_for_update",
	}
	for _, name := range slices.Sorted(maps.Keys(planned)) {
		if !slices.Contains(changeable, name) && !reflect.DeepEqual(before[name], planned[name]) {
			return nil, fmt.Errorf("this provider, which stands in for Google's in tests, cannot change its %s in place", name)
		}
	}
	if labels := a.effectiveLabels(planned); !maps.Equal(labels, before.texts("effective_labels")) {
		now, err := call[instance](ctx, a, "GET", "compute", path, nil)
		if err != nil {
			return nil, err
		}
		body := object{"labels": labels, "labelFingerprint": now.LabelFingerprint}
		if err := change(ctx, a, path+"/setLabels", body, "labels to update"); err != nil {
			return nil, err
		}
	}
	if metadata := planned.texts("metadata"); !maps.Equal(metadata, before.texts("metadata")) {
		now, err := call[instance](ctx, a, "GET", "compute", path, nil)
		if err != nil {
			return nil, err
		}
		body := object{"items": itemsOf(metadata), "fingerprint": now.Metadata.Fingerprint}
		if err := change(ctx, a, path+"/setMetadata", body, "metadata to update"); err != nil {
			return nil, err
		}
	}
	return readInstance(ctx, a, planned)
}

func change(ctx context.Context, a *api, path string, body object, activity string) error {
	done, err := call[operation](ctx, a, "POST", "compute", path, body)
	if err != nil {
		return err
	}
	return done.wait(ctx, a, activity)
}
