package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

type item struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// An instance as the API answers it.
type instance struct {
	Id                string            `json:"id"`
	Name              string            `json:"name"`
	Status            string            `json:"status"`
	Zone              string            `json:"zone"`
	MachineType       string            `json:"machineType"`
	Description       string            `json:"description"`
	CpuPlatform       string            `json:"cpuPlatform"`
	MinCpuPlatform    string            `json:"minCpuPlatform"`
	CreationTimestamp string            `json:"creationTimestamp"`
	SelfLink          string            `json:"selfLink"`
	Labels            map[string]string `json:"labels"`
	LabelFingerprint  string            `json:"labelFingerprint"`
	CanIpForward      bool              `json:"canIpForward"`
	DeletionProtected bool              `json:"deletionProtection"`
	Metadata          struct {
		Fingerprint string `json:"fingerprint"`
		Items       []item `json:"items"`
	} `json:"metadata"`
	Tags struct {
		Fingerprint string   `json:"fingerprint"`
		Items       []string `json:"items"`
	} `json:"tags"`
	Disks []struct {
		Boot       bool   `json:"boot"`
		AutoDelete bool   `json:"autoDelete"`
		DeviceName string `json:"deviceName"`
		Mode       string `json:"mode"`
		Source     string `json:"source"`
	} `json:"disks"`
	NetworkInterfaces []struct {
		Name          string `json:"name"`
		Network       string `json:"network"`
		Subnetwork    string `json:"subnetwork"`
		NetworkIP     string `json:"networkIP"`
		StackType     string `json:"stackType"`
		AccessConfigs []struct {
			NatIP       string `json:"natIP"`
			NetworkTier string `json:"networkTier"`
		} `json:"accessConfigs"`
	} `json:"networkInterfaces"`
	GuestAccelerators []struct {
		Type  string `json:"acceleratorType"`
		Count int64  `json:"acceleratorCount"`
	} `json:"guestAccelerators"`
	ServiceAccounts []struct {
		Email  string   `json:"email"`
		Scopes []string `json:"scopes"`
	} `json:"serviceAccounts"`
	Scheduling struct {
		AutomaticRestart          bool   `json:"automaticRestart"`
		InstanceTerminationAction string `json:"instanceTerminationAction"`
		OnHostMaintenance         string `json:"onHostMaintenance"`
		Preemptible               bool   `json:"preemptible"`
		ProvisioningModel         string `json:"provisioningModel"`
		MaxRunDuration            struct {
			// A string or a number: Google's JSON has both for what has 64 bits.
			Seconds any `json:"seconds"`
		} `json:"maxRunDuration"`
	} `json:"scheduling"`
	Shielded struct {
		EnableIntegrityMonitoring bool `json:"enableIntegrityMonitoring"`
		EnableSecureBoot          bool `json:"enableSecureBoot"`
		EnableVtpm                bool `json:"enableVtpm"`
	} `json:"shieldedInstanceConfig"`
}

// What of a disk is not said where it is attached.
type disk struct {
	SizeGb      string            `json:"sizeGb"`
	Type        string            `json:"type"`
	SourceImage string            `json:"sourceImage"`
	Labels      map[string]string `json:"labels"`
}

func itemsOf(metadata map[string]string) []item {
	items := []item{}
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		items = append(items, item{key, metadata[key]})
	}
	return items
}

// The body of the request that makes it.
func instanceWanted(ctx context.Context, a *api, planned object) (object, error) {
	project := "projects/" + a.projectOf(planned)
	zone := project + "/zones/" + a.zoneOf(planned)
	boot, _ := planned.block("boot_disk")
	attached := object{"boot": true, "autoDelete": boot.flag("auto_delete"), "mode": boot.text("mode")}
	put(attached, "deviceName", boot.text("device_name"))
	put(attached, "interface", boot.text("interface"))
	put(attached, "source", boot.text("source"))
	if asked, isSet := boot.block("initialize_params"); isSet {
		image, err := resolveImage(ctx, a, a.projectOf(planned), asked.text("image"))
		if err != nil {
			return nil, sentence{fmt.Sprintf("Error creating instance: Error resolving image name '%s'", asked.text("image")), err}
		}
		params := object{"sourceImage": image, "labels": asked.texts("labels")}
		if type_ := asked.text("type"); type_ != "" {
			params["diskType"] = zone + "/diskTypes/" + lastPart(type_)
		}
		if size := asked.number("size"); size > 0 {
			params["diskSizeGb"] = strconv.FormatInt(size, 10)
		}
		attached["initializeParams"] = params
	}
	metadata := planned.texts("metadata")
	if script := planned.text("metadata_startup_script"); script != "" {
		metadata["startup-script"] = script
	}
	wanted := object{
		"name":               planned.text("name"),
		"machineType":        zone + "/machineTypes/" + lastPart(planned.text("machine_type")),
		"labels":             a.effectiveLabels(planned),
		"metadata":           object{"items": itemsOf(metadata)},
		"tags":               object{"items": textsIn(planned.list("tags"))},
		"disks":              []object{attached},
		"canIpForward":       planned.flag("can_ip_forward"),
		"deletionProtection": planned.flag("deletion_protection"),
	}
	put(wanted, "description", planned.text("description"))
	put(wanted, "hostname", planned.text("hostname"))
	put(wanted, "minCpuPlatform", planned.text("min_cpu_platform"))
	var interfaces, accelerators, accounts []object
	for _, one := range planned.blocks("network_interface") {
		interfaces = append(interfaces, interfaceWanted(project, a.zoneOf(planned), one))
	}
	for _, one := range planned.blocks("guest_accelerator") {
		accelerators = append(accelerators, object{
			"acceleratorType": zone + "/acceleratorTypes/" + lastPart(one.text("type")), "acceleratorCount": one.number("count"),
		})
	}
	for _, one := range planned.blocks("service_account") {
		accounts = append(accounts, object{"email": firstOf(one.text("email"), "default"), "scopes": textsIn(one.list("scopes"))})
	}
	wanted["networkInterfaces"] = interfaces
	if len(accelerators) > 0 {
		wanted["guestAccelerators"] = accelerators
	}
	if len(accounts) > 0 {
		wanted["serviceAccounts"] = accounts
	}
	wanted["scheduling"] = schedulingWanted(planned)
	if shielded, isSet := planned.block("shielded_instance_config"); isSet {
		wanted["shieldedInstanceConfig"] = object{
			"enableIntegrityMonitoring": shielded.flag("enable_integrity_monitoring"),
			"enableSecureBoot":          shielded.flag("enable_secure_boot"),
			"enableVtpm":                shielded.flag("enable_vtpm"),
		}
	}
	return wanted, nil
}

func interfaceWanted(project, zone string, one object) object {
	region := zone[:max(strings.LastIndex(zone, "-"), 0)]
	asked := object{}
	if network := one.text("network"); network != "" {
		asked["network"] = within(project+"/global/networks/", network)
	}
	if subnetwork := one.text("subnetwork"); subnetwork != "" {
		if own := one.text("subnetwork_project"); own != "" {
			project = "projects/" + own
		}
		asked["subnetwork"] = within(project+"/regions/"+region+"/subnetworks/", subnetwork)
	}
	put(asked, "networkIP", one.text("network_ip"))
	put(asked, "nicType", one.text("nic_type"))
	put(asked, "stackType", one.text("stack_type"))
	var access []object
	for _, config := range one.blocks("access_config") {
		external := object{"type": "ONE_TO_ONE_NAT"}
		put(external, "natIP", config.text("nat_ip"))
		put(external, "networkTier", config.text("network_tier"))
		access = append(access, external)
	}
	if len(access) > 0 {
		asked["accessConfigs"] = access
	}
	return asked
}

func schedulingWanted(planned object) object {
	given, isSet := planned.block("scheduling")
	if !isSet {
		return object{"automaticRestart": true}
	}
	wanted := object{"automaticRestart": given.flag("automatic_restart"), "preemptible": given.flag("preemptible")}
	put(wanted, "instanceTerminationAction", given.text("instance_termination_action"))
	put(wanted, "onHostMaintenance", given.text("on_host_maintenance"))
	put(wanted, "provisioningModel", given.text("provisioning_model"))
	if longest, isSet := given.block("max_run_duration"); isSet {
		duration := object{"seconds": strconv.FormatInt(longest.number("seconds"), 10)}
		if nanos := longest.number("nanos"); nanos > 0 {
			duration["nanos"] = nanos
		}
		wanted["maxRunDuration"] = duration
	}
	return wanted
}

// A link or path as it is, a bare name as one of these.
func within(prefix, name string) string {
	if strings.Contains(name, "/") {
		return name[max(strings.Index(name, "projects/"), 0):]
	}
	return prefix + name
}

func put(into object, name, value string) {
	if value != "" {
		into[name] = value
	}
}

func textsIn(list []any) []string {
	texts := []string{}
	for _, one := range list {
		if text, isText := one.(string); isText {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return texts
}
