/** The API reference at `/docs`, from the same schemas that validate. */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";

const wordmark = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><text x="0" y="28" fill="#fff"
  font-family="sans-serif" font-size="22" font-weight="600">Naru 나루</text></svg>`;

export async function mountDocs(server: FastifyInstance, version: string): Promise<void> {
  await server.register(swagger, {
    openapi: {
      info: {
        title: "Naru",
        version,
        description: "A payments gateway for Korea that you run yourself.",
      },
      tags: [
        { name: "I'mport", description: "I'mport / PortOne V1. Every answer is {code, message, response}." },
        { name: "Kakao Moment", description: "Virtual accounts that top up ad accounts, by a business token." },
        { name: "PPRO", description: "Payment charges, agreements and instruments, with KakaoPay, by an API key." },
        {
          name: "Konaplate",
          description: "Members, their own bank accounts and their prepaid cards, by signed and encrypted requests.",
        },
        { name: "Naru", description: "Payments, events and books, for operators." },
        { name: "Naru sandbox", description: "The bank, the clock and the demo credentials of sandbox mode." },
      ],
      components: {
        securitySchemes: {
          iamportToken: { type: "apiKey", in: "header", name: "Authorization" },
          businessToken: { type: "http", scheme: "bearer" },
          konaplateAccessKey: {
            type: "apiKey",
            in: "header",
            name: "X-KM-Access-Key",
            description:
              "with X-KM-User-AspId, X-KM-Correlation-Id, X-KM-Tran-Time, X-KM-Time-Zone, and X-KM-Tran-Token, an HMAC of the body",
          },
          pproApiKey: { type: "http", scheme: "bearer", description: "with the header Merchant-Id" },
        },
      },
    },
  });
  await server.register(swaggerUi, {
    routePrefix: "/docs",
    theme: { title: "Naru API" },
    logo: { type: "image/svg+xml", content: Buffer.from(wordmark), href: "/docs" },
    uiConfig: { docExpansion: "list", tryItOutEnabled: true },
  });
}
