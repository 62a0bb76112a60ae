
/* Passkeys: what the page asks goes to the browser, what the browser answers goes into the form. Nothing is decided here. */
(() => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const kinds = [-7, -8, -257].map((alg) => ({ type: "public-key", alg }));
  const options = ({ passkey, party, challenge, user, login, ids }) => {
    const known = ids.split(" ").filter((id) => id).map((id) => ({ type: "public-key", id: bytes(id) }));
    const shared = { challenge: bytes(challenge), userVerification: "required" };
    if (passkey === "get") return { ...shared, rpId: party, allowCredentials: known };
    return {
      ...shared,
      rp: { id: party, name: party },
      user: { id: bytes(user), name: login, displayName: login },
      pubKeyCredParams: kinds,
      excludeCredentials: known,
      authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
      attestation: "none",
    };
  };
  document.querySelectorAll("[data-passkey]").forEach((box) => {
    const { passkey, party } = box.dataset;
    if (!window.PublicKeyCredential || location.hostname !== party) return;
    const form = box.querySelector("form");
    const gaveUp = box.querySelector("[role=alert]");
    box.hidden = false;
    box.nextElementSibling.hidden = true;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      gaveUp.hidden = true;
      try {
        const made = await navigator.credentials[passkey]({ publicKey: options(box.dataset) });
        const { response } = made;
        form.elements.id.value = text(made.rawId);
        form.elements.client.value = text(response.clientDataJSON);
        form.elements.data.value = text(response.authenticatorData || response.getAuthenticatorData());
        form.elements.signature.value = response.signature ? text(response.signature) : "";
        form.submit();
      } catch {
        gaveUp.hidden = false;
      }
    });
  });
})();
