#include "server/tls_context.h"

#include <openssl/ssl.h>

#include <string_view>

namespace sluice {

namespace {

namespace ssl = boost::asio::ssl;

// Clients that ask by ALPN are told that HTTP/1.1 is spoken here.
int choose_http11(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                  unsigned int offered_length, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, length, kOurs, sizeof kOurs - 1, offered, offered_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::unique_ptr<ssl::context>> make_tls_context(const std::string& certificate_file,
                                                       const std::string& private_key_file) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_compression);
  SSL_CTX* own = context->native_handle();
  SSL_CTX_set_min_proto_version(own, TLS1_2_VERSION);
  SSL_CTX_set_options(own, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(own, choose_http11, nullptr);
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate_file, error);
  if (error) {
    return fail(ErrorKind::usage, "The TLS certificate " + certificate_file +
                                      " cannot be used: " + error.message() +
                                      ". It has to be a PEM file: the server's certificate "
                                      "first, then those that signed it.");
  }
  context->use_private_key_file(private_key_file, ssl::context::pem, error);
  if (error) {
    return fail(ErrorKind::usage, "The TLS key " + private_key_file + " cannot be used: " + error.message() +
                                      ". It has to be a PEM file without a password, with the key of the "
                                      "certificate " +
                                      certificate_file + ".");
  }
  if (SSL_CTX_check_private_key(own) != 1) {
    return fail(ErrorKind::usage, "The TLS key " + private_key_file + " is not that of the certificate " +
                                      certificate_file + ".");
  }
  return context;
}

}  // namespace sluice
