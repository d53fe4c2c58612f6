// What TLS needs: certificate, key, and which versions are spoken. Called once, when the server is opened.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "base/result.h"

namespace sluice {

Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& certificate_file,
                                                                    const std::string& private_key_file);

}  // namespace sluice
