// npm's oidc-provider for the test `a_real_provider_signs_a_person_in`: node oidc_provider.mjs FOLDER.
// It prints its issuer, reads the redirect address from standard input, and signs everybody in as the account "ash" without asking.
import { createServer } from "node:http";
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const found = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`));
const Provider = found.Provider ?? found.default;
const server = createServer();
server.listen(0, "127.0.0.1", async () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(issuer);
  const redirect = (await createInterface({ input: process.stdin }).question("")).trim();
  const provider = new Provider(issuer, {
    clients: [{ client_id: "plumbline", client_secret: "hush", redirect_uris: [redirect], grant_types: ["authorization_code"] }],
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope("openid");
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on("request", (request, response) =>
    request.url.startsWith("/interaction/")
      ? provider.interactionFinished(request, response, { login: { accountId: "ash" } })
      : answer(request, response),
  );
  console.log("ready");
});
