// One value behind the API: JSON text, and the tag of its version. Where nothing is stored, both are null.

const PATIENCE = 20_000; // milliseconds

export class Refused extends Error {
  constructor(reply, problem) {
    super(problem.detail ?? reply.statusText);
    this.status = reply.status;
    this.retryAfter = reply.headers.get("Retry-After");
  }
}

export class RemoteValue {
  constructor(address, csrfToken) {
    this.address = address;
    this.csrfToken = csrfToken;
  }

  // Returns {json, tag}. What the API refuses is thrown as Refused; fetch throws where there is no site,
  // and a TimeoutError where there is no answer.
  async read() {
    const reply = await fetch(this.address, {
      headers: {Accept: "application/json"},
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (reply.status === 404) return {json: null, tag: null};
    await check(reply);
    return {json: await reply.text(), tag: reply.headers.get("ETag")};
  }

  // Stores the JSON text over the version with this tag; with null only where nothing is. Returns {json, tag}.
  async write(json, tag) {
    const reply = await fetch(this.address, {
      method: "PUT",
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": this.csrfToken,
        ...(tag === null ? {"If-None-Match": "*"} : {"If-Match": tag}),
      },
      body: json,
      signal: AbortSignal.timeout(PATIENCE),
    });
    await check(reply);
    return {json, tag: reply.headers.get("ETag")};
  }
}

async function check(reply) {
  if (!reply.ok) throw new Refused(reply, await reply.json().catch(() => ({})));
}
