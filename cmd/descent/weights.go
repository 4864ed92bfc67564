package main

import (
	"fmt"

	"descent/data"
)

// weigh reads the weights of rows and classes.
func (o *trainOptions) weigh(d *data.Dataset) error {
	weights := d.Weight != nil || o.classWeight != ""
	if o.Model.Codes() && weights {
		return fmt.Errorf("--weight and --class-weight are for models that predict a target; %s learns its inputs", o.Model)
	}
	if o.augment != nil && o.augment.Mixes() && weights {
		return fmt.Errorf("--augment %s mixes rows, so that --weight and --class-weight have none to count", o.augment)
	}
	return o.Weigh(o.classWeight, d)
}
