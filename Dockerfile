# The site and its workers, on machines without a graphics processor. Dockerfile.gpu is for those with one.
# Pin the base to what you have tested: docker buildx imagetools inspect python:3.11.13-slim-bookworm tells its digest,
# which goes behind the tag as @sha256:...
FROM python:3.11.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /build
COPY requirements.txt requirements-torch.txt ./
# PyTorch's own index has the build without CUDA, which is several GB smaller.
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -r requirements-torch.txt \
    && pip install --no-cache-dir -r requirements.txt

FROM python:3.11.13-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/voiceproject \
    VAR_DIR=/var/lib/voiceproject
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/voiceproject voiceproject \
    && install --directory --mode 0700 --owner voiceproject --group voiceproject /var/lib/voiceproject
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/voiceproject
COPY . .
RUN python -m compileall -q .
USER 10001:10001
VOLUME /var/lib/voiceproject
EXPOSE 8000
# For the site; a worker says `python manage.py runworkers --check` instead.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "voiceproject.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "16", "--timeout", "120"]
