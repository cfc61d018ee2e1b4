/* Whom the client trusts. The certificate is made here, for each run. */
/* SPDX-License-Identifier: MIT */
#include "common/http/http.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

static struct world {
	char key[4096], certificate[4096];
	char path[64]; /* of the certificate */
	struct MHD_Daemon *daemon;
	int port;
	zloop_t *loop;
	struct http *http;
	enum http_class class;
	struct err err;
} world;

static void read_out(BIO *bio, char *out, size_t room)
{
	int size = BIO_read(bio, out, (int)room - 1);

	cr_assert_gt(size, 0);
	out[size] = '\0';
	BIO_free(bio);
}

/* Valid for an hour, for 127.0.0.1 only, signed by itself. */
static void make_certificate(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *x509 = X509_new();
	BIO *key_out = BIO_new(BIO_s_mem()), *certificate_out = BIO_new(BIO_s_mem());
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
	X509_gmtime_adj(X509_getm_notBefore(x509), -60);
	X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
				   (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x509, X509_get_subject_name(x509));
	X509_set_pubkey(x509, key);
	X509_add_ext(x509, names, -1);
	cr_assert_gt(X509_sign(x509, key, EVP_sha256()), 0);
	PEM_write_bio_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL);
	PEM_write_bio_X509(certificate_out, x509);
	read_out(key_out, world.key, sizeof world.key);
	read_out(certificate_out, world.certificate, sizeof world.certificate);
	X509_EXTENSION_free(names);
	X509_free(x509);
	EVP_PKEY_free(key);
}

static void write_certificate(void)
{
	int fd;

	snprintf(world.path, sizeof world.path, "/tmp/buildbus-tls-XXXXXX");
	fd = mkstemp(world.path);
	cr_assert_eq(write(fd, world.certificate, strlen(world.certificate)),
		     (ssize_t)strlen(world.certificate));
	close(fd);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **request)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(2, (void *)"ok", MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_response(connection, 200, response);

	(void)arg, (void)url, (void)method, (void)version, (void)upload, (void)upload_size, (void)request;
	MHD_destroy_response(response);
	return result;
}

/* Nothing of the machine's own settings takes part. */
static void forget_environment(void)
{
	unsetenv("CURL_CA_BUNDLE");
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
	setenv("NO_PROXY", "*", 1);
}

static void open_world(void)
{
	const union MHD_DaemonInfo *info;

	forget_environment();
	zsys_handler_set(NULL);
	make_certificate();
	write_certificate();
	world.daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL,
					on_request, NULL, MHD_OPTION_HTTPS_MEM_KEY, world.key,
					MHD_OPTION_HTTPS_MEM_CERT, world.certificate, MHD_OPTION_END);
	cr_assert_not_null(world.daemon);
	info = MHD_get_daemon_info(world.daemon, MHD_DAEMON_INFO_BIND_PORT);
	world.port = info->port;
	world.loop = zloop_new();
	cr_assert_eq(http_new(&world.http, world.loop, NULL, NULL), OK);
}

static void close_world(void)
{
	http_free(&world.http);
	zloop_destroy(&world.loop);
	MHD_stop_daemon(world.daemon);
	unlink(world.path);
}

static int on_stop(zloop_t *loop, int timer, void *arg)
{
	(void)loop, (void)timer, (void)arg;
	return -1;
}

static void on_answer(void *context, const struct http_answer *answer)
{
	(void)context;
	world.class = answer->class;
	world.err = answer->err;
	zloop_timer(world.loop, 0, 1, on_stop, NULL);
}

static enum http_class get(const char *host)
{
	char url[128];

	snprintf(url, sizeof url, "https://%s:%d/a?token=s3cret", host, world.port);
	cr_assert_not_null(http_send(world.http, "GET", url, NULL, NULL, 0, on_answer, NULL, NULL));
	zloop_start(world.loop);
	return world.class;
}

TestSuite(http_tls, .init = open_world, .fini = close_world, .timeout = 30);

Test(http_tls, an_unknown_certificate_is_refused_with_a_sentence)
{
	char want[256];

	snprintf(want, sizeof want,
		 "https://127.0.0.1:%d/a: its certificate is not trusted: self-signed certificate "
		 "(SSL_CERT_FILE names "
		 "other authorities)",
		 world.port);
	cr_assert_eq(get("127.0.0.1"), HTTP_FAILED);
	cr_assert_str_eq(world.err.text, want);
}

Test(http_tls, ssl_cert_file_names_whom_to_trust)
{
	setenv("SSL_CERT_FILE", world.path, 1);
	cr_assert_eq(get("127.0.0.1"), HTTP_OK, "%s", world.err.text);
}

Test(http_tls, curl_ca_bundle_names_whom_to_trust)
{
	setenv("CURL_CA_BUNDLE", world.path, 1);
	setenv("SSL_CERT_FILE", "/nowhere", 1);
	cr_assert_eq(get("127.0.0.1"), HTTP_OK, "%s", world.err.text);
}

Test(http_tls, a_certificate_for_another_name_is_refused)
{
	setenv("SSL_CERT_FILE", world.path, 1);
	cr_assert_eq(get("localhost"), HTTP_FAILED);
	cr_assert_not_null(strstr(world.err.text, "/a: its certificate is not trusted: "), "%s",
			   world.err.text);
	cr_assert_not_null(strstr(world.err.text, "localhost"));
}

Test(http_tls, a_missing_file_of_authorities_needs_an_operator)
{
	setenv("SSL_CERT_FILE", "/nowhere/ca.pem", 1);
	cr_assert_eq(get("127.0.0.1"), HTTP_FAILED);
	cr_assert_eq(world.err.status, ERR_CONFIG);
	cr_assert_not_null(strstr(world.err.text, "SSL_CERT_FILE can't be read"), "%s", world.err.text);
}
