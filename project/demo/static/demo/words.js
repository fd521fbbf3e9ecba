// What went wrong, as a sentence for the person before the screen.

const SENTENCES = {
  401: "You are not signed in any more. Copy what you have typed, sign in again, and come back.",
  403: "This was refused: somebody else has signed in here, or this page is too old. Copy what you have typed, and reload.",
  413: "This is too long to be stored.",
  429: "That was too often. Wait a little, then try again.",
  504: "There was no answer in time, so this may or may not have been saved. Save again to find out.",
};

export function inWords(error) {
  if (error.name === "TimeoutError") return SENTENCES[504];
  if (error.status === undefined) return "The site can't be reached. Try again when you are connected.";
  if (error.status === 422) return `The site does not take this as a note. ${error.message}`;
  if (error.status === 503) return `The store is not well just now. Try again in ${error.retryAfter ?? "a few"} seconds.`;
  return SENTENCES[error.status] ?? error.message;
}
