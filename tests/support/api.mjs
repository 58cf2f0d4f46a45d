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

  /** Drains with what the preview showed. `request` overrides fields of the body. */
  async drain(id, request = {}, headers = {}) {
    const preview = await this.get(`/nodes/${id}/drain-preview`);
    return this.call(
      "POST",
      `/nodes/${id}/drain`,
      { reason: "Kernel 6.12 reboot", seen_stateful: preview.stateful.map((workload) => workload.identity), ...request },
      { "if-match": `"${preview.revision}"`, ...headers },
    );
  }

  /** Activates. `override`: a reason, or nothing. */
  async activate(id, override, headers = {}) {
    const body = override ? { override: { reason: override } } : {};
    return this.call("POST", `/nodes/${id}/activate`, body, { "if-match": "*", ...headers });
  }
}
