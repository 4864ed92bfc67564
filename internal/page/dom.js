// Below engine.js: elements. What is from outside is text in them, never markup.
/** @returns {any} the element of an id. */
const $ = id => document.getElementById(id);
/** @returns {any} an element with properties and what is inside. */
const make = (tag, props = {}, ...inside) => { const e = Object.assign(document.createElement(tag), props); e.append(...inside); return e; };
/** Does something after what there is has been painted; a page that nobody sees has no frames. */
const painted = f => document.hidden ? setTimeout(f) : requestAnimationFrame(() => setTimeout(f));
/** A picture that the engine has drawn. */
const picture = svg => make('figure', {}, document.importNode(new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement, true));
/** Does things one after another, each when what the last one shows has been painted, so that none takes long. */
const inTurn = (/** @type {(() => void)[]} */[first, ...others]) => { first(); if (others.length) painted(() => inTurn(others)); };
/** Shows pictures that the engine has drawn in the place of those that a place has, in turn. */
const pictures = (place, svgs) => {
  while (place.children.length > svgs.length) place.lastChild.remove();
  while (place.children.length < svgs.length) place.append(make('figure'));
  // Where fewer were shown meanwhile, there is no place for the last.
  if (svgs.length) inTurn(svgs.map((svg, i) => () => { if (place.children[i]) place.children[i].replaceWith(picture(svg)); }));
};
