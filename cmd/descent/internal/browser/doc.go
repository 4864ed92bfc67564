// Package browser tests the pages of this program in browsers, which are driven from here:
// apart from the packages that make them, so that only these tests are built with what
// drives it.
package browser
