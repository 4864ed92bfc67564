// Package browser tests the page of descent play in a browser, which is driven from here:
// apart from package play, so that only this test is built with what drives it.
package browser
