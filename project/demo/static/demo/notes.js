// The page of one note: shows what is stored, saves it over what was seen and nothing else, and asks if that has changed.

import {RemoteValue} from "./value.js";
import {inWords} from "./words.js";

const at = (id) => document.getElementById(id);
const form = at("note"), conflict = at("conflict"), said = at("said");
const value = new RemoteValue(form.dataset.address, form.elements.csrfmiddlewaretoken.value);
let seen, theirs;

// -- what is stored is JSON; a text is shown without its quotes

function shown(json) {
  if (json === null) return {kind: "text", text: ""};
  return json.startsWith('"') ? {kind: "text", text: JSON.parse(json)} : {kind: "json", text: json};
}

function typed() {
  const {kind, text} = form.elements;
  return kind.value === "text" ? JSON.stringify(text.value) : text.value;
}

function isSame(one, other) {
  const [left, right] = [shown(one), shown(other)];
  return one !== null && left.kind === right.kind && left.text === right.text;
}

function fill(json) {
  const {kind, text} = shown(json);
  form.elements.kind.value = kind;
  form.elements.text.value = text;
}

// -- what the page says and shows

function say(words, isTrouble = false) {
  said.textContent = words;
  said.className = isTrouble ? "message trouble" : "message";
  said.hidden = words === "";
}

function show(part) {
  form.hidden = part !== form;
  conflict.hidden = part !== conflict;
}

function pane(id, json) {
  const {kind, text} = shown(json);
  at(id).textContent = json === null ? "There is no note any more." : text;
  at(`${id}-kind`).textContent = json === null ? "" : ` · ${kind === "text" ? "Text" : "JSON"}`;
}

// -- what a person can do

async function open() {
  seen = await value.read();
  fill(seen.json);
  show(form);
}

async function save(tag) {
  const mine = typed();
  try {
    settle(await value.write(mine, tag), "Saved.");
  } catch (error) {
    if (error.status !== 412) throw error;
    await ask(mine);
  }
}

async function ask(mine) {
  theirs = await value.read();
  if (isSame(theirs.json, mine)) return settle(theirs, "This is what was saved already.");
  pane("mine", mine);
  pane("theirs", theirs.json);
  say("");
  show(conflict);
  conflict.focus();
}

function settle(stored, words) {
  seen = stored;
  show(form);
  say(words);
  form.elements.text.focus();
}

function take() {
  fill(theirs.json);
  settle(theirs, "This is theirs now.");
}

// -- one thing at a time, and no mistake in silence

let isBusy = false;

async function attempt(action) {
  if (isBusy) return;
  isBusy = true;
  try {
    await action();
  } catch (error) {
    say(inWords(error), true);
  } finally {
    isBusy = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => save(seen.tag));
});
at("keep").addEventListener("click", () => attempt(() => save(theirs.tag)));
at("take").addEventListener("click", () => attempt(take));
attempt(open);
