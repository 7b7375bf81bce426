package main

import (
	"context"
	"fmt"
	"strings"
)

type role struct {
	Name                string   `json:"name,omitempty"`
	Title               string   `json:"title,omitempty"`
	Description         string   `json:"description,omitempty"`
	Stage               string   `json:"stage,omitempty"`
	IncludedPermissions []string `json:"includedPermissions,omitempty"`
	Deleted             bool     `json:"deleted,omitempty"`
}

func projectCustomRole() kind {
	path := func(a *api, one object) string {
		return "projects/" + a.projectOf(one) + "/roles/" + one.text("role_id")
	}
	wanted := func(planned object) role {
		wanted := role{Title: planned.text("title"), Description: planned.text("description"), Stage: planned.text("stage")}
		for _, permission := range planned.list("permissions") {
			if text, isText := permission.(string); isText {
				wanted.IncludedPermissions = append(wanted.IncludedPermissions, text)
			}
		}
		return wanted
	}
	read := func(ctx context.Context, a *api, one object) (object, error) {
		got, err := call[role](ctx, a, "GET", "iam", path(a, one), nil)
		if err != nil {
			return nil, err
		}
		if got.Deleted {
			return nil, &apiError{Code: 404, Message: "The role is deleted."}
		}
		return object{
			"id": path(a, one), "name": path(a, one), "project": a.projectOf(one), "deleted": got.Deleted,
			"title": got.Title, "description": got.Description, "stage": firstOf(got.Stage, "GA"),
			"permissions": got.IncludedPermissions,
		}, nil
	}
	update := func(ctx context.Context, a *api, _, planned object) (object, error) {
		if _, err := call[role](ctx, a, "PATCH", "iam", path(a, planned), wanted(planned)); err != nil {
			return nil, err
		}
		return read(ctx, a, planned)
	}
	return kind{
		name: "project_iam_custom_role", title: "the custom project role",
		attributes: withProject(attributes{
			"role_id":     text(required | fixed),
			"title":       text(required),
			"description": text(optional),
			"stage":       textOr("GA", 0),
			"permissions": textSet(required),
			"name":        text(computed | kept),
			"deleted":     flag(computed | kept),
		}),
		create: func(ctx context.Context, a *api, planned object) (object, error) {
			name := path(a, planned)
			there, err := call[role](ctx, a, "GET", "iam", name, nil)
			switch {
			// Its name is taken for a while after it went, and it is the same role that comes back.
			case err == nil && there.Deleted:
				if _, err := call[role](ctx, a, "POST", "iam", name+":undelete", object{}); err != nil {
					return nil, err
				}
				return update(ctx, a, nil, planned)
			case err == nil:
				return nil, sentence{"Custom project role " + name, fmt.Errorf("it already exists and must be imported")}
			case !isMissing(err):
				return nil, err
			}
			body := object{"roleId": planned.text("role_id"), "role": wanted(planned)}
			if _, err := call[role](ctx, a, "POST", "iam", "projects/"+a.projectOf(planned)+"/roles", body); err != nil {
				return nil, err
			}
			return read(ctx, a, planned)
		},
		read:   read,
		update: update,
		remove: func(ctx context.Context, a *api, state object) error {
			_, err := call[object](ctx, a, "DELETE", "iam", path(a, state), nil)
			return err
		},
	}
}

type service struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

// One API, turned on. It stays on when a stack that wanted it goes, if the stack says so.
func projectService() kind {
	path := func(a *api, one object) string {
		return "projects/" + a.projectOf(one) + "/services/" + one.text("service")
	}
	found := func(a *api, one object) object {
		project := a.projectOf(one)
		return object{"id": project + "/" + one.text("service"), "project": project, "service": one.text("service")}
	}
	turn := func(ctx context.Context, a *api, one object, verb string, body object) error {
		done, err := call[object](ctx, a, "POST", "service_usage", path(a, one)+verb, body)
		for err == nil && done["done"] != true {
			name, _ := done["name"].(string)
			if !strings.HasPrefix(name, "operations/") {
				return fmt.Errorf("there is no operation to wait for")
			}
			if err = pause(ctx, leastWait); err == nil {
				done, err = call[object](ctx, a, "GET", "service_usage", name, nil)
			}
		}
		return err
	}
	return kind{
		name: "project_service", title: "Project Service", timeouts: []string{"create", "read", "update", "delete"},
		attributes: withProject(attributes{
			"service":                    text(required | fixed),
			"disable_dependent_services": flag(optional),
			"disable_on_destroy":         flagOr(true, 0),
		}),
		create: func(ctx context.Context, a *api, planned object) (object, error) {
			return found(a, planned), turn(ctx, a, planned, ":enable", object{})
		},
		read: func(ctx context.Context, a *api, state object) (object, error) {
			got, err := call[service](ctx, a, "GET", "service_usage", path(a, state), nil)
			if err == nil && got.State != "ENABLED" {
				err = &apiError{Code: 404, Message: "It is not enabled."}
			}
			return found(a, state), err
		},
		update: func(_ context.Context, a *api, _, planned object) (object, error) { return found(a, planned), nil },
		remove: func(ctx context.Context, a *api, state object) error {
			if keep, isSet := state["disable_on_destroy"].(bool); isSet && !keep {
				return nil
			}
			body := object{"disableDependentServices": state.flag("disable_dependent_services")}
			return turn(ctx, a, state, ":disable", body)
		},
	}
}
