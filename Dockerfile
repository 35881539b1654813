# The image of every role: `api` by default, else `docker run … node dist/src/main.js worker` or `… migrate`.
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No dependency needs its install script here: those prepare the embedded Postgres, which an image never starts.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY migrations migrations
COPY jobs jobs
COPY src src
RUN npm run build

FROM node:${NODE_VERSION}-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
# Optional are the likes of TypeScript and esbuild, which only run what isn't compiled.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY templates templates
COPY docs/guide docs/guide
COPY --from=build /app/dist dist
# Emails are compiled here, and not at every start.
RUN node -e "import('/app/dist/src/mail/compile-mails-apart.js').then(({ compileMailsApart }) => compileMailsApart())"

# Nothing is written in production, so the files may stay root's.
USER node
EXPOSE 3000
# For the api; the other roles don't listen. That database and queue answer as well is `/readyz`: a restart mends neither.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, not npm: it gets the SIGTERM and ends in order.
CMD ["node", "dist/src/main.js", "api"]
