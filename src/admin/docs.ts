/** The API reference at `/docs`, from the same schemas that validate. */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";

export async function mountDocs(server: FastifyInstance, version: string): Promise<void> {
  await server.register(swagger, {
    openapi: {
      info: {
        title: "Naru",
        version,
        description: "A payments gateway for Korea: four wire dialects and one operator's API.",
      },
      tags: [
        { name: "I'mport", description: "I'mport / PortOne V1. Every answer is {code, message, response}." },
        { name: "Naru", description: "Payments, events and books, for operators." },
        { name: "Naru sandbox", description: "The bank, the clock and the demo credentials of sandbox mode." },
      ],
      components: {
        securitySchemes: { iamportToken: { type: "apiKey", in: "header", name: "Authorization" } },
      },
    },
  });
  await server.register(swaggerUi, { routePrefix: "/docs" });
}
