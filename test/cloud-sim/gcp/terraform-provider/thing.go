package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

const standardTimeout = 20 * time.Minute

var errTooLong = errors.New("timeout while waiting for state to become 'DONE'")

// One type of resource: its attributes, and the calls that make, read, change and remove it.
type kind struct {
	// Without the `google_` before it.
	name    string
	version int64
	// What a person calls it, in errors.
	title      string
	attributes attributes
	blocks     blocks
	// For which of create, read, update and delete a stack may say how long they may take.
	timeouts []string

	// Answers all that was not known when it was planned.
	create func(ctx context.Context, api *api, planned object) (object, error)
	// Answers what there is now, or an error of 404 when there is nothing any more.
	read func(ctx context.Context, api *api, state object) (object, error)
	// Without it, any change makes a new one.
	update func(ctx context.Context, api *api, before, planned object) (object, error)
	remove func(ctx context.Context, api *api, state object) error
}

// What Terraform's framework asks of a resource, the same for every kind.
type thing struct {
	kind kind
	api  *api
}

func (t *thing) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "google_" + t.kind.name
}

func (t *thing) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	all := blocks{}
	maps.Copy(all, t.kind.blocks)
	if len(t.kind.timeouts) > 0 {
		limits := attributes{}
		for _, name := range t.kind.timeouts {
			limits[name] = text(optional)
		}
		all["timeouts"] = schema.SingleNestedBlock{Attributes: limits}
	}
	resp.Schema = schema.Schema{Version: t.kind.version, Attributes: t.kind.attributes, Blocks: all}
}

// As long as the stack says, or as the real one's standard is.
func limitedTo(ctx context.Context, given object, what string) (context.Context, context.CancelFunc) {
	limits, _ := given["timeouts"].(object)
	limit, err := time.ParseDuration(limits.text(what))
	if err != nil {
		limit = standardTimeout
	}
	return context.WithTimeoutCause(ctx, limit, errTooLong)
}

func (t *thing) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	// Nothing is given while a configuration is only validated.
	t.api, _ = req.ProviderData.(*api)
}

func (t *thing) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	planned, err := asObject(req.Plan.Raw)
	if err != nil {
		t.failed(&resp.Diagnostics, "creating", err)
		return
	}
	limited, end := limitedTo(ctx, planned, "create")
	defer end()
	found, err := t.kind.create(limited, t.api, planned)
	if err != nil {
		t.failed(&resp.Diagnostics, "creating", err)
		return
	}
	resp.State.Raw = settled(req.Plan.Raw, found)
}

func (t *thing) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state, err := asObject(req.State.Raw)
	if err != nil {
		t.failed(&resp.Diagnostics, "reading", err)
		return
	}
	found, err := t.kind.read(ctx, t.api, state)
	switch {
	case isMissing(err):
		resp.State.RemoveResource(ctx)
	case err != nil:
		t.failed(&resp.Diagnostics, "reading", err)
	default:
		resp.State.Raw = refreshed(req.State.Raw, found)
	}
}

func (t *thing) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	before, errBefore := asObject(req.State.Raw)
	planned, errPlanned := asObject(req.Plan.Raw)
	if errBefore != nil || errPlanned != nil {
		t.failed(&resp.Diagnostics, "updating", fmt.Errorf("%w %w", errBefore, errPlanned))
		return
	}
	if t.kind.update == nil {
		t.failed(&resp.Diagnostics, "updating", fmt.Errorf("nothing of it can be changed in place"))
		return
	}
	limited, end := limitedTo(ctx, planned, "update")
	defer end()
	found, err := t.kind.update(limited, t.api, before, planned)
	if err != nil {
		t.failed(&resp.Diagnostics, "updating", err)
		return
	}
	resp.State.Raw = settled(req.Plan.Raw, found)
}

func (t *thing) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state, err := asObject(req.State.Raw)
	limited, end := limitedTo(ctx, state, "delete")
	defer end()
	if err == nil {
		err = t.kind.remove(limited, t.api, state)
	}
	if err != nil && !isMissing(err) {
		t.failed(&resp.Diagnostics, "deleting", err)
	}
}

// In the words of the real one: “Error creating Topic: googleapi: Error 403: …”.
func (t *thing) failed(diagnostics *diag.Diagnostics, doing string, err error) {
	var whole sentence
	if errors.As(err, &whole) {
		diagnostics.AddError(whole.Error(), "")
		return
	}
	diagnostics.AddError(fmt.Sprintf("Error %s %s: %s", doing, t.kind.title, err), "")
}

// An error that says all by itself, and what was behind it.
type sentence struct {
	words string
	cause error
}

func (s sentence) Error() string { return s.words + ": " + s.cause.Error() }
func (s sentence) Unwrap() error { return s.cause }
