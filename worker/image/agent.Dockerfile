# The last and only layer that changes with our own code: the agent, PID 1 of every sandbox.
ARG DEPS
FROM ${DEPS}
COPY engunity-agent /engunity-agent
USER 65532:65532
WORKDIR /workspace
ENTRYPOINT ["/engunity-agent"]
