package main

import (
	"context"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const version = "6.50.0"

// Where each API is, when nothing else is said. The keys are the provider's own names for them.
var endpoints = map[string]string{
	"compute":                "https://compute.googleapis.com/compute/v1/",
	"pubsub":                 "https://pubsub.googleapis.com/v1/",
	"iam":                    "https://iam.googleapis.com/v1/",
	"iam_beta":               "https://iam.googleapis.com/v1beta/",
	"storage":                "https://storage.googleapis.com/storage/v1/",
	"resource_manager":       "https://cloudresourcemanager.googleapis.com/v1/",
	"cloud_resource_manager": "https://cloudresourcemanager.googleapis.com/v1/",
	"service_usage":          "https://serviceusage.googleapis.com/v1/",
	"cloud_billing":          "https://cloudbilling.googleapis.com/v1/",
}

type googleProvider struct{}

func (*googleProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "google"
	resp.Version = version
}

func (*googleProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	attributes := map[string]schema.Attribute{}
	for _, name := range []string{
		"project", "region", "zone", "credentials", "access_token", "billing_project", "request_timeout", "request_reason",
		"terraform_attribution_label_addition_strategy", "universe_domain",
	} {
		attributes[name] = schema.StringAttribute{Optional: true}
	}
	for _, name := range []string{"user_project_override", "add_terraform_attribution_label"} {
		attributes[name] = schema.BoolAttribute{Optional: true}
	}
	for name := range endpoints {
		attributes[name+"_custom_endpoint"] = schema.StringAttribute{Optional: true}
	}
	attributes["default_labels"] = schema.MapAttribute{Optional: true, ElementType: types.StringType}
	attributes["scopes"] = schema.ListAttribute{Optional: true, ElementType: types.StringType}
	resp.Schema = schema.Schema{
		Attributes: attributes,
		Blocks: map[string]schema.Block{
			"batching": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"enable_batching": schema.BoolAttribute{Optional: true},
				"send_after":      schema.StringAttribute{Optional: true},
			}}},
		},
	}
}

func (*googleProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	given, err := asObject(req.Config.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Invalid provider configuration", err.Error())
		return
	}
	api := &api{
		project:       firstOf(given.text("project"), fromEnvironment("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT")),
		zone:          firstOf(given.text("zone"), fromEnvironment("GOOGLE_ZONE", "GCLOUD_ZONE")),
		endpoints:     map[string]string{},
		defaultLabels: given.texts("default_labels"),
	}
	// As the real one does, unless it is told not to.
	if mark, isSet := given["add_terraform_attribution_label"].(bool); !isSet || mark {
		api.attribution = map[string]string{"goog-terraform-provisioned": "true"}
	}
	for name, standard := range endpoints {
		api.endpoints[name] = firstOf(given.text(name+"_custom_endpoint"), standard)
	}
	if err := api.authorize(given.text("credentials"), given.text("access_token")); err != nil {
		resp.Diagnostics.AddError(
			"Attempted to load application default credentials since neither `credentials` nor `access_token` was set in the provider block.  No credentials loaded.",
			err.Error(),
		)
		return
	}
	resp.ResourceData = api
}

func (*googleProvider) Resources(context.Context) []func() resource.Resource {
	kinds := []kind{
		pubsubTopic(), pubsubSubscription(),
		serviceAccount(), projectCustomRole(), projectService(),
		computeInstance(),
	}
	kinds = append(kinds, iamMembers()...)
	made := make([]func() resource.Resource, len(kinds))
	for i, one := range kinds {
		made[i] = func() resource.Resource { return &thing{kind: one} }
	}
	return made
}

func (*googleProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func fromEnvironment(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}
