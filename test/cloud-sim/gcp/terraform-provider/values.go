package main

import (
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A value of Terraform's as Go has it: what is null, or not known yet, is not in it.
type object map[string]any

func (o object) text(name string) string {
	text, _ := o[name].(string)
	return text
}

func (o object) flag(name string) bool {
	flag, _ := o[name].(bool)
	return flag
}

func (o object) number(name string) int64 {
	number, _ := o[name].(int64)
	return number
}

func (o object) list(name string) []any {
	list, _ := o[name].([]any)
	return list
}

func (o object) texts(name string) map[string]string {
	texts := map[string]string{}
	if map_, isMap := o[name].(object); isMap {
		for key, value := range map_ {
			if text, isText := value.(string); isText {
				texts[key] = text
			}
		}
	}
	return texts
}

// All of a block.
func (o object) blocks(name string) []object {
	var blocks []object
	for _, one := range o.list(name) {
		if block, isBlock := one.(object); isBlock {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// The one of a block that there is at most one of; empty when there is none.
func (o object) block(name string) (object, bool) {
	if blocks := o.blocks(name); len(blocks) > 0 {
		return blocks[0], true
	}
	return object{}, false
}

func asObject(value tftypes.Value) (object, error) {
	plain, err := plainOf(value)
	if err != nil {
		return nil, err
	}
	if given, isObject := plain.(object); isObject {
		return given, nil
	}
	return object{}, nil
}

func plainOf(value tftypes.Value) (any, error) {
	if !value.IsKnown() || value.IsNull() {
		return nil, nil
	}
	switch type_ := value.Type(); {
	case type_.Is(tftypes.String):
		var text string
		return text, value.As(&text)
	case type_.Is(tftypes.Bool):
		var flag bool
		err := value.As(&flag)
		return flag, err
	case type_.Is(tftypes.Number):
		var number big.Float
		err := value.As(&number)
		whole, _ := number.Int64()
		return whole, err
	case type_.Is(tftypes.List{}), type_.Is(tftypes.Set{}):
		return plainList(value)
	case type_.Is(tftypes.Map{}), type_.Is(tftypes.Object{}):
		return plainObject(value)
	default:
		return nil, fmt.Errorf("no value of type %s is used here", type_)
	}
}

func plainList(value tftypes.Value) (any, error) {
	var parts []tftypes.Value
	if err := value.As(&parts); err != nil {
		return nil, err
	}
	list := make([]any, 0, len(parts))
	for _, part := range parts {
		plain, err := plainOf(part)
		if err != nil {
			return nil, err
		}
		list = append(list, plain)
	}
	return list, nil
}

func plainObject(value tftypes.Value) (any, error) {
	var parts map[string]tftypes.Value
	if err := value.As(&parts); err != nil {
		return nil, err
	}
	plain := object{}
	for name, part := range parts {
		one, err := plainOf(part)
		if err != nil {
			return nil, err
		}
		if one != nil {
			plain[name] = one
		}
	}
	return plain, nil
}

// What was planned, with what was not known then as it was found.
func settled(planned tftypes.Value, found any) tftypes.Value {
	if !planned.IsKnown() {
		return valueOf(planned.Type(), found)
	}
	return eachPart(planned, found, settled)
}

// What is in the state, with everything that has a value there as it was found: what is not set is not ours to watch.
// What `found` does not speak of stays.
func refreshed(prior tftypes.Value, found any) tftypes.Value {
	if isBlocks(prior.Type()) || prior.Type().Is(tftypes.Object{}) {
		return eachPart(prior, found, refreshed)
	}
	if prior.IsNull() || found == nil {
		return prior
	}
	return valueOf(prior.Type(), found)
}

func isBlocks(type_ tftypes.Type) bool {
	switch list := type_.(type) {
	case tftypes.List:
		return list.ElementType.Is(tftypes.Object{})
	case tftypes.Set:
		return list.ElementType.Is(tftypes.Object{})
	}
	return false
}

// Goes into objects and lists of blocks; the rest is as it was.
func eachPart(whole tftypes.Value, found any, change func(tftypes.Value, any) tftypes.Value) tftypes.Value {
	if whole.IsNull() || !whole.IsKnown() {
		return whole
	}
	switch type_ := whole.Type(); {
	case type_.Is(tftypes.Object{}):
		var parts map[string]tftypes.Value
		if whole.As(&parts) != nil {
			return whole
		}
		from, _ := found.(object)
		for name, part := range parts {
			parts[name] = change(part, from[name])
		}
		return tftypes.NewValue(type_, parts)
	case isBlocks(type_):
		var parts []tftypes.Value
		if whole.As(&parts) != nil {
			return whole
		}
		from, _ := found.([]any)
		for i, part := range parts {
			var own any
			if i < len(from) {
				own = from[i]
			}
			parts[i] = change(part, own)
		}
		return tftypes.NewValue(type_, parts)
	}
	return whole
}

// A value of that type; null when there is none.
func valueOf(type_ tftypes.Type, plain any) tftypes.Value {
	switch given := plain.(type) {
	case string, bool, int64:
		return tftypes.NewValue(type_, given)
	case map[string]string:
		parts := map[string]tftypes.Value{}
		for key, text := range given {
			parts[key] = tftypes.NewValue(tftypes.String, text)
		}
		return tftypes.NewValue(type_, parts)
	case []string:
		parts := make([]tftypes.Value, len(given))
		for i, text := range given {
			parts[i] = tftypes.NewValue(tftypes.String, text)
		}
		return tftypes.NewValue(type_, parts)
	default:
		return tftypes.NewValue(type_, nil)
	}
}
