package main

import (
	"context"
	"strings"
	"time"
)

type account struct {
	Name        string `json:"name,omitempty"`
	ProjectId   string `json:"projectId,omitempty"`
	UniqueId    string `json:"uniqueId,omitempty"`
	Email       string `json:"email,omitempty"`
	DisplayName string `json:"displayName"`
	Description string `json:"description"`
	Disabled    bool   `json:"disabled,omitempty"`
}

// Google takes a while to tell all its parts of a new account.
const accountShownWithin = 2 * time.Minute

func serviceAccount() kind {
	found := func(got account) object {
		return object{
			"id": got.Name, "name": got.Name, "email": got.Email, "member": "serviceAccount:" + got.Email,
			"unique_id": got.UniqueId, "project": got.ProjectId, "account_id": strings.Split(got.Email, "@")[0],
			"display_name": got.DisplayName, "description": got.Description, "disabled": got.Disabled,
		}
	}
	read := func(ctx context.Context, a *api, one object) (object, error) {
		got, err := call[account](ctx, a, "GET", "iam", one.text("id"), nil)
		if err != nil {
			return nil, err
		}
		return found(got), nil
	}
	wanted := func(planned object) account {
		return account{DisplayName: planned.text("display_name"), Description: planned.text("description")}
	}
	return kind{
		name: "service_account", title: "service account", timeouts: []string{"create"},
		attributes: withProject(attributes{
			"account_id":                   text(required | fixed),
			"display_name":                 text(optional),
			"description":                  text(optional),
			"disabled":                     flagOr(false, 0),
			"create_ignore_already_exists": flag(optional),
			"email":                        text(computed | kept),
			"member":                       text(computed | kept),
			"name":                         text(computed | kept),
			"unique_id":                    text(computed | kept),
		}),
		create: func(ctx context.Context, a *api, planned object) (object, error) {
			project := a.projectOf(planned)
			body := object{"accountId": planned.text("account_id"), "serviceAccount": wanted(planned)}
			made, err := call[account](ctx, a, "POST", "iam", "projects/"+project+"/serviceAccounts", body)
			if codeOf(err) == 409 && planned.flag("create_ignore_already_exists") {
				made.Name = "projects/" + project + "/serviceAccounts/" + planned.text("account_id") + "@" + project + ".iam.gserviceaccount.com"
			} else if err != nil {
				return nil, err
			}
			// As the real one, it goes on when an account is not shown in time: whoever needs it says so.
			for giveUpAt := time.Now().Add(accountShownWithin); ; {
				shown, err := call[account](ctx, a, "GET", "iam", made.Name, nil)
				if err == nil {
					return found(shown), nil
				}
				if (codeOf(err) != 404 && codeOf(err) != 403) || time.Now().After(giveUpAt) || pause(ctx, time.Second) != nil {
					return found(made), nil
				}
			}
		},
		read: read,
		update: func(ctx context.Context, a *api, before, planned object) (object, error) {
			name := before.text("id")
			if planned.flag("disabled") != before.flag("disabled") {
				verb := ":enable"
				if planned.flag("disabled") {
					verb = ":disable"
				}
				if _, err := call[object](ctx, a, "POST", "iam", name+verb, object{}); err != nil {
					return nil, err
				}
			}
			body := object{"serviceAccount": wanted(planned), "updateMask": "displayName,description"}
			if _, err := call[account](ctx, a, "PATCH", "iam", name, body); err != nil {
				return nil, err
			}
			return read(ctx, a, before)
		},
		remove: func(ctx context.Context, a *api, state object) error {
			_, err := call[object](ctx, a, "DELETE", "iam", state.text("id"), nil)
			return err
		},
	}
}
