# Gapless with an external PostgreSQL: set DATABASE_URL. See compose.yaml for both together.
FROM node:24-bookworm-slim
WORKDIR /gapless
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY . .
RUN node app/build.ts
ENV HOST=0.0.0.0 PORT=8080 GAPLESS_LOG_FORMAT=json
EXPOSE 8080
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD node -e "fetch('http://127.0.0.1:'+process.env.PORT+'/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"
CMD ["node", "server/main.ts"]
