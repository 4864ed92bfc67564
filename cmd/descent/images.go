package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"descent/data"

	"github.com/spf13/pflag"
)

// pictureFlags are the flags of commands that train on pictures.
type pictureFlags struct{ size, colors, channels string }

func (p *pictureFlags) add(f *pflag.FlagSet) {
	f.StringVar(&p.size, "size", "", "width and height that pictures are resized to, such as 32x32 (default: all have one size)")
	f.StringVar(&p.colors, "colors", "", "of PNG and JPEG files: grey or rgb (default: grey if all are)")
	f.StringVar(&p.channels, "channels", "", "which axis of an array of pictures has the channels: first or last (default: what their numbers tell)")
}

// options are the flags as package data has them.
func (p *pictureFlags) options() (o data.PictureOptions, err error) {
	if p.size != "" {
		w, h, _ := strings.Cut(p.size, "x")
		o.Width, err = strconv.Atoi(w)
		if o.Height, _ = strconv.Atoi(h); err != nil || o.Width < 1 || o.Height < 1 {
			return o, fmt.Errorf("--size %s: a width and a height are wanted, such as 32x32", p.size)
		}
	}
	switch p.colors {
	case "grey":
		o.Colors = 1
	case "rgb":
		o.Colors = 3
	case "":
	default:
		return o, fmt.Errorf("--colors %s: there are grey and rgb", p.colors)
	}
	if o.Channels = data.ChannelAxis(p.channels); !slices.Contains([]data.ChannelAxis{"", data.ChannelsFirst, data.ChannelsLast}, o.Channels) {
		return o, fmt.Errorf("--channels %s: there are first and last", p.channels)
	}
	return o, nil
}

// pictureOptions say how pictures are read that are to be inputs of the model.
func (s *setup) pictureOptions() data.PictureOptions {
	shape := s.RowShape()
	o := data.PictureOptions{Colors: 1}
	if len(shape) == 3 {
		o.Colors, shape = shape[0], shape[1:]
	}
	if o.Colors != 1 && o.Colors != 3 {
		o.Colors = 0
	}
	if s.Resized {
		o.Height, o.Width = shape[0], shape[1]
	}
	return o
}

// channelsOf is the number of channels of a row's inputs.
func channelsOf(shape []int) int {
	if len(shape) == 3 {
		return shape[0]
	}
	return 1
}

// checkImages reports numbers that no training has made.
func (s *setup) checkImages() error {
	if s.Mean == nil && s.Deviation == nil && !s.Resized {
		return nil
	}
	if s.Resized && len(s.Shape) < 2 || s.Mean != nil && (len(s.Mean) != channelsOf(s.Shape) || len(s.Deviation) != len(s.Mean)) {
		return fmt.Errorf("pictures of shape %v, resized %v, with %d means and %d deviations of channels", s.Shape, s.Resized, len(s.Mean), len(s.Deviation))
	}
	for i, x := range s.Deviation {
		if !(x > 0) || x > 1e30 || !(s.Mean[i] > -1e30 && s.Mean[i] < 1e30) {
			return fmt.Errorf("channel %d has mean %v, deviation %v", i, s.Mean[i], x)
		}
	}
	return nil
}
