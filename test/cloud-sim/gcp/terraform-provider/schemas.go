package main

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What an attribute is, beside its type.
type trait int

const (
	required trait = 1 << iota
	optional
	computed
	// Another value needs another resource.
	fixed
	// Once computed it is the same for good.
	kept
)

type (
	attributes map[string]schema.Attribute
	blocks     map[string]schema.Block
)

func (t trait) has(one trait) bool { return t&one != 0 }

func modifiers[T any](t trait, keep, replace func() T) []T {
	var all []T
	if t.has(kept) {
		all = append(all, keep())
	}
	if t.has(fixed) {
		all = append(all, replace())
	}
	return all
}

func text(t trait) schema.StringAttribute {
	return schema.StringAttribute{
		Required: t.has(required), Optional: t.has(optional), Computed: t.has(computed),
		PlanModifiers: modifiers(t, stringplanmodifier.UseStateForUnknown, stringplanmodifier.RequiresReplace),
	}
}

func number(t trait) schema.Int64Attribute {
	return schema.Int64Attribute{
		Required: t.has(required), Optional: t.has(optional), Computed: t.has(computed),
		PlanModifiers: modifiers(t, int64planmodifier.UseStateForUnknown, int64planmodifier.RequiresReplace),
	}
}

func flag(t trait) schema.BoolAttribute {
	return schema.BoolAttribute{
		Required: t.has(required), Optional: t.has(optional), Computed: t.has(computed),
		PlanModifiers: modifiers(t, boolplanmodifier.UseStateForUnknown, boolplanmodifier.RequiresReplace),
	}
}

func textsByName(t trait) schema.MapAttribute {
	return schema.MapAttribute{
		ElementType: types.StringType,
		Required:    t.has(required), Optional: t.has(optional), Computed: t.has(computed),
		PlanModifiers: modifiers[planmodifier.Map](t, mapplanmodifier.UseStateForUnknown, mapplanmodifier.RequiresReplace),
	}
}

func textSet(t trait) schema.SetAttribute {
	return schema.SetAttribute{
		ElementType: types.StringType,
		Required:    t.has(required), Optional: t.has(optional), Computed: t.has(computed),
		PlanModifiers: modifiers[planmodifier.Set](t, setplanmodifier.UseStateForUnknown, setplanmodifier.RequiresReplace),
	}
}

// The framework has defaults only where a value may also be computed.
func textOr(standard string, t trait) schema.StringAttribute {
	attribute := text(t | optional | computed)
	attribute.Default = stringdefault.StaticString(standard)
	return attribute
}

func flagOr(standard bool, t trait) schema.BoolAttribute {
	attribute := flag(t | optional | computed)
	attribute.Default = booldefault.StaticBool(standard)
	return attribute
}

func block(t trait, inner attributes, deeper ...blocks) schema.ListNestedBlock {
	nested := schema.NestedBlockObject{Attributes: inner}
	if len(deeper) > 0 {
		nested.Blocks = deeper[0]
	}
	return schema.ListNestedBlock{
		NestedObject:  nested,
		PlanModifiers: modifiers[planmodifier.List](t&fixed, listplanmodifier.UseStateForUnknown, listplanmodifier.RequiresReplace),
	}
}

// What everything with labels has: those that the stack sets, and with them what the provider adds.
func withLabels(own attributes) attributes {
	own["labels"] = textsByName(optional)
	own["terraform_labels"] = textsByName(computed)
	own["effective_labels"] = textsByName(computed)
	return own
}

func withId(own attributes) attributes {
	own["id"] = text(optional | computed | kept)
	return own
}

func withProject(own attributes) attributes {
	own["project"] = text(optional | computed | kept | fixed)
	return withId(own)
}
