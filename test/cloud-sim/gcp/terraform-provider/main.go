// A provider for Terraform that stands in for Google's in tests, where Google's is not at hand: the same names, types and
// nesting for what our stacks use, and no more. It speaks to the simulation beside it.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

func main() {
	err := providerserver.Serve(
		context.Background(),
		func() provider.Provider { return &googleProvider{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/google", ProtocolVersion: 5},
	)
	if err != nil {
		log.Fatal(err)
	}
}
