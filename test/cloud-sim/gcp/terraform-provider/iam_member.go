package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

type condition struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Expression  string `json:"expression"`
}

type binding struct {
	Role      string     `json:"role"`
	Members   []string   `json:"members"`
	Condition *condition `json:"condition,omitempty"`
}

type policy struct {
	Version  int       `json:"version,omitempty"`
	Etag     string    `json:"etag,omitempty"`
	Bindings []binding `json:"bindings"`
}

// What has a policy, and how its API hands that out and takes it back.
type policyHolder struct {
	// As in google_…_iam_member.
	name       string
	words      string
	attributes attributes
	path       func(a *api, one object) string
	// What ids begin with; without it, the path.
	id       func(one object) string
	get, set func(ctx context.Context, a *api, path string, wanted *policy) (policy, error)
	found    func(a *api, one object) object
}

// Conditions are only in policies of this version.
const policyVersion = 3

func iamMembers() []kind {
	ofProject := func(a *api, one object) object { return object{"project": a.projectOf(one)} }
	ofZone := func(a *api, one object) object { return object{"project": a.projectOf(one), "zone": a.zoneOf(one)} }
	ofNothing := func(*api, object) object { return object{} }
	within := func(collection, attribute string) func(*api, object) string {
		return func(a *api, one object) string {
			if given := one.text(attribute); strings.HasPrefix(given, "projects/") {
				return given
			}
			return "projects/" + a.projectOf(one) + "/" + collection + "/" + one.text(attribute)
		}
	}
	holders := []policyHolder{
		{
			name: "pubsub_topic", words: "pubsub topic", path: within("topics", "topic"), found: ofProject,
			attributes: withProject(attributes{"topic": text(required | fixed)}),
			get:        policyBy("pubsub", "GET", ":getIamPolicy", nil),
			set:        policySetBy("pubsub", "POST", ":setIamPolicy"),
		},
		{
			name: "pubsub_subscription", words: "pubsub subscription",
			path: within("subscriptions", "subscription"), found: ofProject,
			attributes: withProject(attributes{"subscription": text(required | fixed)}),
			get:        policyBy("pubsub", "GET", ":getIamPolicy", nil),
			set:        policySetBy("pubsub", "POST", ":setIamPolicy"),
		},
		{
			name: "service_account", words: "service account", found: ofNothing,
			path:       func(_ *api, one object) string { return one.text("service_account_id") },
			attributes: withId(attributes{"service_account_id": text(required | fixed)}),
			get:        policyBy("iam", "POST", ":getIamPolicy?options.requestedPolicyVersion=3", nil),
			set:        policySetBy("iam", "POST", ":setIamPolicy"),
		},
		{
			name: "storage_bucket", words: "storage bucket", found: ofNothing,
			path:       func(_ *api, one object) string { return "b/" + lastPart(one.text("bucket")) },
			attributes: withId(attributes{"bucket": text(required | fixed)}),
			get:        policyBy("storage", "GET", "/iam?optionsRequestedPolicyVersion=3", nil),
			// The one API that takes the policy bare.
			set: func(ctx context.Context, a *api, path string, wanted *policy) (policy, error) {
				return call[policy](ctx, a, "PUT", "storage", path+"/iam", wanted)
			},
		},
		{
			name: "project", words: "project", found: ofNothing,
			path:       func(_ *api, one object) string { return "projects/" + lastPart(one.text("project")) },
			id:         func(one object) string { return lastPart(one.text("project")) },
			attributes: withId(attributes{"project": text(required | fixed)}),
			get: policyBy("resource_manager", "POST", ":getIamPolicy",
				object{"options": object{"requestedPolicyVersion": policyVersion}}),
			set: policySetBy("resource_manager", "POST", ":setIamPolicy"),
		},
		{
			name: "compute_instance", words: "compute instance", found: ofZone,
			path: func(a *api, one object) string {
				return "projects/" + a.projectOf(one) + "/zones/" + a.zoneOf(one) + "/instances/" + lastPart(one.text("instance_name"))
			},
			attributes: withProject(attributes{
				"instance_name": text(required | fixed),
				"zone":          text(optional | computed | kept | fixed),
			}),
			get: policyBy("compute", "GET", "/getIamPolicy?optionsRequestedPolicyVersion=3", nil),
			set: policySetBy("compute", "POST", "/setIamPolicy"),
		},
	}
	kinds := make([]kind, len(holders))
	for i, holder := range holders {
		kinds[i] = holder.member()
	}
	return kinds
}

func policyBy(service, method, suffix string, body any) func(context.Context, *api, string, *policy) (policy, error) {
	return func(ctx context.Context, a *api, path string, _ *policy) (policy, error) {
		return call[policy](ctx, a, method, service, path+suffix, body)
	}
}

func policySetBy(service, method, suffix string) func(context.Context, *api, string, *policy) (policy, error) {
	return func(ctx context.Context, a *api, path string, wanted *policy) (policy, error) {
		return call[policy](ctx, a, method, service, path+suffix, object{"policy": wanted})
	}
}

// One member with one role on it; whatever else its policy says stays.
func (h policyHolder) member() kind {
	all := h.attributes
	all["role"] = text(required | fixed)
	all["member"] = text(required | fixed)
	all["etag"] = text(computed | kept)
	return kind{
		name: h.name + "_iam_member", title: "IAM Member",
		attributes: all,
		blocks: blocks{"condition": block(fixed, attributes{
			"title":       text(required | fixed),
			"description": text(optional | fixed),
			"expression":  text(required | fixed),
		})},
		create: func(ctx context.Context, a *api, planned object) (object, error) {
			now, err := h.change(ctx, a, planned, policy.with)
			if err != nil {
				return nil, err
			}
			return h.foundIn(a, planned, now), nil
		},
		read: func(ctx context.Context, a *api, state object) (object, error) {
			now, err := h.read(ctx, a, state)
			if err != nil {
				return nil, err
			}
			if _, isThere := now.find(bindingOf(state)); !isThere {
				return nil, &apiError{Code: 404, Message: "The member is not in the policy."}
			}
			return h.foundIn(a, state, now), nil
		},
		remove: func(ctx context.Context, a *api, state object) error {
			_, err := h.change(ctx, a, state, policy.without)
			return err
		},
	}
}

func (h policyHolder) describe(a *api, one object) string {
	return fmt.Sprintf("%s %q", h.words, h.path(a, one))
}

func (h policyHolder) foundIn(a *api, one object, now policy) object {
	found := h.found(a, one)
	wanted := bindingOf(one)
	id := h.path(a, one)
	if h.id != nil {
		id = h.id(one)
	}
	id += "/" + wanted.Role + "/" + wanted.Members[0]
	if c := wanted.Condition; c != nil {
		id += "/" + strings.Join([]string{c.Title, c.Description, c.Expression}, "/")
	}
	found["id"], found["etag"] = id, now.Etag
	return found
}

func (h policyHolder) read(ctx context.Context, a *api, one object) (policy, error) {
	now, err := h.get(ctx, a, h.path(a, one), nil)
	if err != nil {
		return now, sentence{"Error retrieving IAM policy for " + h.describe(a, one), err}
	}
	return now, nil
}

var policyLocks sync.Map

const mostConflictsWait = 30 * time.Second

// Reads, changes and writes, again when somebody else wrote meanwhile.
func (h policyHolder) change(ctx context.Context, a *api, one object, by func(policy, binding) policy) (policy, error) {
	lock, _ := policyLocks.LoadOrStore(h.path(a, one), &sync.Mutex{})
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()
	for wait := leastWait; ; wait *= 2 {
		now, err := h.read(ctx, a, one)
		if err != nil {
			return now, err
		}
		wanted := by(now, bindingOf(one))
		wanted.Version = policyVersion
		written, err := h.set(ctx, a, h.path(a, one), &wanted)
		if err == nil {
			return written, nil
		}
		if codeOf(err) != 409 || wait > mostConflictsWait {
			words := h.describe(a, one)
			return now, sentence{"Error applying IAM policy for " + words + ": Error setting IAM policy for " + words, err}
		}
		if err := pause(ctx, wait); err != nil {
			return now, err
		}
	}
}

func bindingOf(one object) binding {
	wanted := binding{Role: one.text("role"), Members: []string{one.text("member")}}
	if given, isSet := one.block("condition"); isSet {
		wanted.Condition = &condition{given.text("title"), given.text("description"), given.text("expression")}
	}
	return wanted
}

func (b binding) isLike(other binding) bool {
	if b.Role != other.Role || (b.Condition == nil) != (other.Condition == nil) {
		return false
	}
	return b.Condition == nil || *b.Condition == *other.Condition
}

func (b binding) has(member string) bool {
	return slices.ContainsFunc(b.Members, func(one string) bool { return strings.EqualFold(one, member) })
}

func (p policy) find(wanted binding) (binding, bool) {
	for _, one := range p.Bindings {
		if one.isLike(wanted) && one.has(wanted.Members[0]) {
			return one, true
		}
	}
	return binding{}, false
}

func (p policy) with(wanted binding) policy {
	if _, isThere := p.find(wanted); isThere {
		return p
	}
	for i, one := range p.Bindings {
		if one.isLike(wanted) {
			p.Bindings[i].Members = append(one.Members, wanted.Members...)
			return p
		}
	}
	p.Bindings = append(p.Bindings, wanted)
	return p
}

func (p policy) without(unwanted binding) policy {
	left := []binding{}
	for _, one := range p.Bindings {
		if one.isLike(unwanted) {
			one.Members = slices.DeleteFunc(one.Members, func(member string) bool {
				return strings.EqualFold(member, unwanted.Members[0])
			})
		}
		if len(one.Members) > 0 {
			left = append(left, one)
		}
	}
	p.Bindings = left
	return p
}
