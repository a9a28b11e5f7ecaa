// Passkeys: before a form marked data-passkey is sent, ask the person's authenticator and put its answer into the form.
// The server says what to ask; what is signed is the very vote (docs/howto/vote-with-a-passkey.md).
"use strict";

(() => {
  const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const toText = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const descriptors = (list) => list.map((each) => ({ ...each, id: toBytes(each.id) }));

  const tell = (form, sentence) => {
    const told = form.querySelector("[data-passkey-told]");
    if (!told) return;
    told.textContent = sentence;
    told.hidden = !sentence;
  };

  const put = (form, values) => {
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  };

  // What the server wants asked; it looks at the form's own fields, so that a narrowing's terms are in it.
  const wanted = async (url, form, submitter) => {
    const fields = new URLSearchParams(new FormData(form, submitter));
    const answer = await fetch(url, { method: "POST", body: fields, headers: { Accept: "application/json" } });
    if (answer.ok) return answer.json();
    if (answer.status === 401) location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    throw new Error(page.querySelector("main h1 + p")?.textContent ?? "The gateway refused to say what to sign.");
  };

  const asked = async (options) => {
    const found = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        allowCredentials: descriptors(options.allowCredentials),
      },
    });
    return {
      credential: toText(found.rawId),
      authenticator_data: toText(found.response.authenticatorData),
      client_data: toText(found.response.clientDataJSON),
      signature: toText(found.response.signature),
    };
  };

  const made = async (options) => {
    const found = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        user: { ...options.user, id: toBytes(options.user.id) },
        excludeCredentials: descriptors(options.excludeCredentials),
      },
    });
    return {
      attestation: toText(found.response.attestationObject),
      made_client_data: toText(found.response.clientDataJSON),
    };
  };

  const challengeOf = (form, verdict) => {
    const url = new URL(form.dataset.passkey || form.action.replace(/\/[^/]*$/, "/challenge"), location.href);
    if (verdict) url.searchParams.set("verdict", verdict);
    return url;
  };

  const send = (form, submitter) => {
    form.querySelector("[data-passkey-said]")?.remove(); // of an earlier time, when the browser kept the page
    if (submitter?.name) {
      const said = document.createElement("input");
      said.type = "hidden";
      said.dataset.passkeySaid = "";
      said.name = submitter.name;
      said.value = submitter.value;
      form.append(said);
    }
    if (!form.isConnected) { // the page has moved on; what was signed is what was shown, and the gateway says if it is stale
      form.hidden = true;
      document.body.append(form);
    }
    HTMLFormElement.prototype.submit.call(form);
  };

  const refused = (error) =>
    error.name === "NotAllowedError" ? "Your passkey gave no answer, so nothing was sent. Try again." :
    error.name === "InvalidStateError" ? "This device has a passkey of yours already." :
    error.name === "SecurityError" ? "This address can't use passkeys: it must be a host name, not an IP address, and over HTTPS." :
    error.message;

  const busy = new WeakSet();
  const during = async (form, work) => {
    if (busy.has(form)) return;
    busy.add(form);
    tell(form, "");
    try {
      if (!navigator.credentials || !window.PublicKeyCredential) throw new Error("This browser can't use passkeys here.");
      await work();
    } catch (error) {
      tell(form, refused(error));
    } finally {
      busy.delete(form);
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target, submitter = event.submitter;
    if (form.dataset.passkeyNew !== undefined) {
      event.preventDefault();
      during(form, async () => {
        const options = await wanted(form.dataset.passkeyNew, form, submitter);
        if (options.confirm) put(form, await asked(options.confirm));
        put(form, await made(options.create));
        send(form, submitter);
      });
    } else if (form.dataset.passkey !== undefined) {
      if (submitter?.dataset.passkeyNone !== undefined) return; // a no that isn't a vote
      const verdict = form.dataset.passkeyVerdict ?? (submitter?.name === "verdict" ? submitter.value : "");
      if (verdict === "deny") return; // a denial takes no passkey
      event.preventDefault();
      during(form, async () => {
        put(form, await asked(await wanted(challengeOf(form, verdict), form, submitter)));
        send(form, submitter);
      });
    }
  });
})();
