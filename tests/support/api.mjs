// A client of the API with a bearer token, as a script of an operator would be. Answers are returned whole, refusals too.

export class Api {
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  /** `{status, headers, body}`; `body` is the envelope. */
  async call(method, path, body, headers = {}) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
  }

  /** The `data` of a successful GET. */
  async get(path) {
    const { status, body } = await this.call("GET", path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body.data;
  }

  node(id) {
    return this.get(`/nodes/${id}`);
  }

  /** All entries of the activity log, newest first. */
  async activity(filter = "") {
    const entries = [];
    let cursor = "";
    do {
      const page = await this.get(`/activity?${filter}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      entries.push(...page.entries);
      cursor = page.next_cursor ?? "";
    } while (cursor);
    return entries;
  }

  /**
   * Drains with what the preview showed. `request` overrides fields of the body. Where the node changed since (412), the preview is read again, as a
   * person would: a node that was confirmed a moment ago may still be telling of itself. Who asks about a revision names it in `headers`.
   */
  async drain(id, request = {}, headers = {}) {
    for (let left = 5; ; left -= 1) {
      const preview = await this.get(`/nodes/${id}/drain-preview`);
      const answer = await this.call(
        "POST",
        `/nodes/${id}/drain`,
        { reason: "Kernel 6.12 reboot", seen_stateful: preview.stateful.map((workload) => workload.identity), ...request },
        { "if-match": `"${preview.revision}"`, ...headers },
      );
      if (answer.status !== 412 || headers["if-match"] || left === 0) return answer;
    }
  }

  /** Activates. `override`: a reason, or nothing. */
  async activate(id, override, headers = {}) {
    const body = override ? { override: { reason: override } } : {};
    return this.call("POST", `/nodes/${id}/activate`, body, { "if-match": "*", ...headers });
  }
}
